{{- define "lexmill.operatorEnv" -}}
- {name: LEXMILL_OPERATOR__API_URL, value: {{ include "lexmill.apiUrl" . }}}
- {name: LEXMILL_OPERATOR__PUBLIC_API_URL, value: {{ .Values.operator.publicApiUrl | default (include "lexmill.apiUrl" .) }}}
- {name: LEXMILL_OPERATOR__TOKEN_FILE, value: /var/run/secrets/lexmill/token}
- {name: LEXMILL_OPERATOR__POD_TEMPLATE, value: /etc/lexmill/pod-template.yaml}
- {name: LEXMILL_OPERATOR__OCR_IMAGE, value: {{ include "lexmill.image" (list . "workerOcr") }}}
{{- if not .Values.operator.clusterWide }}
- {name: LEXMILL_OPERATOR__NAMESPACES, value: {{ include "lexmill.tenantNames" . | quote }}}
{{- end }}
- {name: LEXMILL_OPERATOR__LEASE_NAMESPACE, value: {{ .Release.Namespace }}}
- {name: LEXMILL_OPERATOR__LEASE_NAME, value: {{ include "lexmill.operatorName" . }}}
- {name: LEXMILL_OPERATOR__IDENTITY, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
- {name: LEXMILL_TELEMETRY__METRICS_HOST, value: 0.0.0.0}
- {name: LEXMILL_TELEMETRY__METRICS_PORT, value: "8080"}
- {name: LEXMILL_TELEMETRY__LOG_LEVEL, value: {{ .Values.telemetry.logLevel }}}
{{- include "lexmill.env" .Values.operator.env }}
{{- end -}}
