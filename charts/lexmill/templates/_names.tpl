{{- define "lexmill.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Short enough for what is put behind it, and for a service account's name. */}}
{{- define "lexmill.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "lexmill.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "lexmill.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* (list . "api"): what selects a component's pods; never changes. */}}
{{- define "lexmill.selector" -}}
{{- $ := index . 0 -}}
app.kubernetes.io/name: {{ include "lexmill.name" $ }}
app.kubernetes.io/instance: {{ $.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* (list . "api"): without the version, which would make the pods of stateful parts restart with each release. */}}
{{- define "lexmill.podLabels" -}}
{{- $ := index . 0 -}}
{{ include "lexmill.selector" . }}
app.kubernetes.io/part-of: lexmill
{{- with $.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "lexmill.labels" -}}
{{- $ := index . 0 -}}
{{ include "lexmill.podLabels" . }}
app.kubernetes.io/version: {{ $.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $.Chart.Name $.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* (list . "api" "name" (dict "more" "annotations") (dict "more" "labels")): metadata of an object in the release's namespace. */}}
{{- define "lexmill.metadata" -}}
{{- $ := index . 0 -}}
name: {{ index . 2 }}
namespace: {{ $.Release.Namespace }}
{{ include "lexmill.unplacedMetadata" (concat (list $ (index . 1)) (rest (rest (rest .)))) }}
{{- end -}}

{{/* (list . "api" (dict "more" "annotations") (dict "more" "labels")): of objects elsewhere or of no namespace. */}}
{{- define "lexmill.unplacedMetadata" -}}
{{- $ := index . 0 -}}
labels:
  {{- include "lexmill.labels" . | nindent 2 }}
  {{- with rest (rest (rest .)) | first }}{{ toYaml . | nindent 2 }}{{ end }}
{{- with merge (dict) (rest (rest .) | first | default dict) $.Values.commonAnnotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Annotations of what shall stay when the release goes, in YAML. */}}
{{- define "lexmill.keep" -}}{{ if . }}helm.sh/resource-policy: keep{{ end }}{{- end -}}

{{/* Of the Deployment, the Service, the account. */}}
{{- define "lexmill.apiName" -}}{{ include "lexmill.fullname" . }}-api{{- end -}}

{{/* Of the Deployment, the account, the Lease. */}}
{{- define "lexmill.operatorName" -}}{{ include "lexmill.fullname" . }}-operator{{- end -}}

{{/* What selects the pods of all workers; the operator puts the name on. */}}
{{- define "lexmill.workerSelector" -}}
app.kubernetes.io/name: lexmill-worker
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "lexmill.workerSecret" -}}
{{- .Values.workers.secretName | default (printf "%s-worker" (include "lexmill.fullname" .)) -}}
{{- end -}}

{{- define "lexmill.workerAccount" -}}
{{- .Values.workers.serviceAccountName | default (printf "%s-worker" (include "lexmill.fullname" .)) -}}
{{- end -}}

{{- define "lexmill.apiUrl" -}}
http://{{ include "lexmill.apiName" . }}.{{ .Release.Namespace }}.svc:{{ .Values.api.service.port }}
{{- end -}}

{{/* JSON list of the tenants, with what was left out filled in. */}}
{{- define "lexmill.tenants" -}}
{{- $tenants := list -}}
{{- $names := list -}}
{{- range .Values.tenants -}}
{{- $namespace := .namespace | default $.Release.Namespace -}}
{{- if has $namespace $names }}{{ fail (printf "tenants: the namespace %s is there twice" $namespace) }}{{ end -}}
{{- $names = append $names $namespace -}}
{{- $tenants = append $tenants (dict
  "namespace" $namespace
  "reads" .reads
  "writes" .writes
  "createSecret" (ternary .createSecret true (hasKey . "createSecret"))
  "serviceAccountAnnotations" (.serviceAccountAnnotations | default dict)) -}}
{{- end -}}
{{- $tenants | toJson -}}
{{- end -}}

{{/* JSON list of their names. */}}
{{- define "lexmill.tenantNames" -}}
{{- $names := list -}}
{{- range include "lexmill.tenants" . | fromJsonArray }}{{ $names = append $names .namespace }}{{ end -}}
{{- $names | toJson -}}
{{- end -}}
