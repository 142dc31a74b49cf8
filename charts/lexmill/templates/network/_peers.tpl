{{/* Rules of NetworkPolicies: who is reached, by which port. */}}

{{- define "lexmill.toDns" -}}
- to: [{namespaceSelector: {}}]
  ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
- to: {{- include "lexmill.blocks" .Values.networkPolicy.cidrs.dns | nindent 4 }}
  ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
{{- end -}}

{{/* A list of CIDRs as peers. */}}
{{- define "lexmill.blocks" -}}
{{- range . }}
- ipBlock: {cidr: {{ . | quote }}}
{{- end }}
{{- end -}}

{{- define "lexmill.toKubernetes" -}}
- to: {{- include "lexmill.blocks" .Values.networkPolicy.cidrs.kubernetes | nindent 4 }}
  ports:
    {{- range .Values.networkPolicy.kubernetesPorts }}
    - port: {{ . }}
    {{- end }}
{{- end -}}

{{/* (list . "database"): where that is when it is no part of the release. */}}
{{- define "lexmill.elsewhere" -}}
{{- $policy := (index . 0).Values.networkPolicy -}}
{{- include "lexmill.blocks" (get $policy.cidrs (index . 1)) -}}
{{- with get $policy.peers (index . 1) }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* (list . "postgresql"): a part of the release, from wherever. */}}
{{- define "lexmill.toPart" -}}
- namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ (index . 0).Release.Namespace }}}}
  podSelector:
    matchLabels: {{- include "lexmill.selector" . | nindent 6 }}
{{- end -}}

{{- define "lexmill.toDatabase" -}}
{{- if include "lexmill.hasPostgresql" . }}
- to: {{- include "lexmill.toPart" (list . "postgresql") | nindent 4 }}
  ports: [{port: 5432}]
{{- else }}
- to: {{- include "lexmill.elsewhere" (list . "database") | nindent 4 }}
  ports: [{port: {{ .Values.database.port }}}]
{{- end }}
{{- end -}}

{{/* The port of a URL, if there is one in it; an IPv6 address has colons, too. */}}
{{- define "lexmill.urlPort" -}}
{{- regexFind ":[0-9]+$" (urlParse .).host | trimPrefix ":" -}}
{{- end -}}

{{- define "lexmill.queuePort" -}}
{{- .Values.networkPolicy.queuePort | default (include "lexmill.urlPort" .Values.queue.url) | default 6379 -}}
{{- end -}}

{{- define "lexmill.storagePort" -}}
{{- $endpoint := .Values.storage.s3.endpoint -}}
{{- $usual := ternary 80 443 (hasPrefix "http://" $endpoint) -}}
{{- .Values.networkPolicy.storagePort | default (include "lexmill.urlPort" $endpoint) | default $usual -}}
{{- end -}}

{{/* What API and workers have in common: names, PostgreSQL, Valkey, objects. */}}
{{- define "lexmill.toParts" -}}
{{ include "lexmill.toDns" . }}
{{- include "lexmill.toDatabase" . }}
{{- if include "lexmill.hasValkey" . }}
- to: {{- include "lexmill.toPart" (list . "valkey") | nindent 4 }}
  ports: [{port: 6379}]
{{- else }}
- to: {{- include "lexmill.elsewhere" (list . "queue") | nindent 4 }}
  ports: [{port: {{ include "lexmill.queuePort" . }}}]
{{- end }}
{{- if not (include "lexmill.hasVolume" .) }}
- to: {{- include "lexmill.elsewhere" (list . "storage") | nindent 4 }}
  ports: [{port: {{ include "lexmill.storagePort" . }}}]
{{- end }}
{{- end -}}

{{/* The tenants' namespaces, as part of a peer. */}}
{{- define "lexmill.tenantSelector" -}}
namespaceSelector:
  matchExpressions:
    - {key: kubernetes.io/metadata.name, operator: In, values: {{ include "lexmill.tenantNames" . }}}
{{- end -}}

{{/* Pods of workers in tenants' namespaces, as a peer. */}}
{{- define "lexmill.fromWorkers" -}}
- {{ include "lexmill.tenantSelector" . | nindent 2 | trim }}
  podSelector:
    matchLabels: {{- include "lexmill.workerSelector" . | nindent 6 }}
{{- end -}}

{{- define "lexmill.fromParts" -}}
{{- $ := index . 0 -}}
- podSelector:
    matchLabels:
      app.kubernetes.io/name: {{ include "lexmill.name" $ }}
      app.kubernetes.io/instance: {{ $.Release.Name }}
    matchExpressions:
      - {key: app.kubernetes.io/component, operator: In, values: {{ index . 1 | toJson }}}
{{- end -}}
