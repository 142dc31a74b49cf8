{{/* (list . "workerOcr") */}}
{{- define "lexmill.image" -}}
{{- $images := (index . 0).Values.images -}}
{{- $image := index $images (index . 1) -}}
{{- $name := ternary $image.repository (printf "%s/%s" $images.registry $image.repository) (empty $images.registry) -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name ($image.tag | default $images.tag | default (index . 0).Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- define "lexmill.pullSecrets" -}}
{{- with .Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* What Pod Security "restricted" asks for. The images' user is 10001; volumes become its group's. */}}
{{- define "lexmill.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "lexmill.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Where pods may run, from a component's values. */}}
{{- define "lexmill.scheduling" -}}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{/* Of pods that mount the volume. */}}
{{- define "lexmill.volumeLabels" -}}
{{- if include "lexmill.isOnOneNode" . }}lexmill.io/volume: objects{{ end -}}
{{- end -}}

{{/* (list . .Values.api): the same for pods that mount the volume. Where one node has it they have to be beside each other;
the first of them starts anywhere, as the term fits itself. */}}
{{- define "lexmill.schedulingByVolume" -}}
{{- $ := index . 0 -}}
{{- $component := deepCopy (index . 1) -}}
{{- if include "lexmill.isOnOneNode" $ -}}
{{- $labels := merge (dict "app.kubernetes.io/instance" $.Release.Name) (include "lexmill.volumeLabels" $ | fromYaml) -}}
{{- $term := dict "topologyKey" "kubernetes.io/hostname" "labelSelector" (dict "matchLabels" $labels) -}}
{{- $affinity := $component.affinity | default dict -}}
{{- $pods := $affinity.podAffinity | default dict -}}
{{- $terms := append ($pods.requiredDuringSchedulingIgnoredDuringExecution | default list) $term -}}
{{- $_ := set $pods "requiredDuringSchedulingIgnoredDuringExecution" $terms -}}
{{- $_ := set $affinity "podAffinity" $pods -}}
{{- $_ := set $component "affinity" $affinity -}}
{{- end -}}
{{- include "lexmill.scheduling" $component -}}
{{- end -}}

{{/* (list . "api"): replicas spread over nodes and zones, as far as there are several. */}}
{{- define "lexmill.spread" -}}
{{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: {{- include "lexmill.selector" $ | nindent 6 }}
{{- end }}
{{- end -}}

{{/* A map of settings as a container's env. */}}
{{- define "lexmill.env" -}}
{{- range $name, $value := . }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end -}}
