{{/* Of the API's process and of the container that waits for its database. */}}
{{- define "lexmill.databaseEnv" -}}
{{- with .Values.database.existingSecret }}
- name: LEXMILL_DATABASE__URL
  valueFrom: {secretKeyRef: {name: {{ . }}, key: LEXMILL_DATABASE__URL}}
- name: LEXMILL_DATABASE__API_URL
  valueFrom: {secretKeyRef: {name: {{ . }}, key: LEXMILL_DATABASE__API_URL, optional: true}}
{{- else }}
- name: INGEST_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ include "lexmill.loginsSecret" . }}, key: ingest}}
- name: API_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ include "lexmill.loginsSecret" . }}, key: api}}
- name: LEXMILL_DATABASE__URL
  value: {{ include "lexmill.databaseUrl" (list . "ingest" "$(INGEST_PASSWORD)") | quote }}
- name: LEXMILL_DATABASE__API_URL
  value: {{ include "lexmill.databaseUrl" (list . "api" "$(API_PASSWORD)") | quote }}
{{- end }}
{{- end -}}

{{- define "lexmill.queueEnv" -}}
{{- if include "lexmill.hasValkey" . }}
- name: VALKEY_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ include "lexmill.valkeySecret" . }}, key: password}}
- name: LEXMILL_QUEUE__URL
  value: {{ include "lexmill.valkeyUrl" (list . "$(VALKEY_PASSWORD)") | quote }}
{{- else if .Values.queue.url }}
- {name: LEXMILL_QUEUE__URL, value: {{ .Values.queue.url | quote }}}
{{- end }}
{{- end -}}

{{- define "lexmill.apiEnv" -}}
{{- $api := .Values.api -}}
- {name: LEXMILL_API__HOST, value: 0.0.0.0}
- {name: LEXMILL_API__PORT, value: "8000"}
- {name: LEXMILL_API__DEFAULT_NAMESPACE, value: {{ $api.defaultNamespace | default .Release.Namespace }}}
- {name: LEXMILL_API__OPEN_INGEST, value: {{ $api.openIngest | quote }}}
- {name: LEXMILL_API__REQUESTS_PER_MINUTE, value: {{ $api.requestsPerMinute | int | quote }}}
- name: LEXMILL_API__TOKEN_REVIEW__ALLOWED
  value: {{ list (printf "system:serviceaccount:%s:%s" .Release.Namespace (include "lexmill.operatorName" .)) | toJson | quote }}
{{- with $api.allowedOrigins }}
- {name: LEXMILL_API__ALLOWED_ORIGINS, value: {{ toJson . | quote }}}
{{- end }}
{{- with $api.allowedNetworks }}
- {name: LEXMILL_EGRESS__ALLOWED_NETWORKS, value: {{ toJson . | quote }}}
{{- end }}
{{- with $api.oidc }}
{{- if .issuer }}
- {name: LEXMILL_API__OIDC__ISSUER, value: {{ .issuer | quote }}}
- {name: LEXMILL_API__OIDC__AUDIENCE, value: {{ .audience | quote }}}
- {name: LEXMILL_API__OIDC__GROUPS_CLAIM, value: {{ .groupsClaim | quote }}}
{{- end }}
{{- end }}
- {name: LEXMILL_TELEMETRY__LOG_LEVEL, value: {{ .Values.telemetry.logLevel }}}
{{ include "lexmill.storageEnv" . }}
{{- include "lexmill.queueEnv" . }}
{{- include "lexmill.env" $api.env }}
{{- end -}}
