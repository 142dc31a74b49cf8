{{/* The pod of every worker, as the operator reads it. It puts its own labels and settings and a LegalJob's in. */}}
{{- define "lexmill.workerTemplate" -}}
{{- $workers := .Values.workers -}}
metadata:
  labels:
    app.kubernetes.io/instance: {{ .Release.Name }}
    app.kubernetes.io/component: worker
    app.kubernetes.io/part-of: lexmill
    {{- with include "lexmill.volumeLabels" . }}{{ . | nindent 4 }}{{ end }}
    {{- with merge (dict) $workers.podLabels .Values.commonLabels }}{{ toYaml . | nindent 4 }}{{ end }}
  {{- with $workers.podAnnotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "lexmill.workerAccount" . }}
  # What reads strangers' documents has no business with Kubernetes.
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $workers.gracePeriodSeconds | int }}
  {{- include "lexmill.pullSecrets" . | nindent 2 }}
  securityContext: {{- include "lexmill.podSecurity" . | nindent 4 }}
  {{- include "lexmill.schedulingByVolume" (list . $workers) | nindent 2 }}
  containers:
    - name: worker
      image: {{ include "lexmill.image" (list . "worker") }}
      imagePullPolicy: {{ .Values.images.pullPolicy }}
      command: [python, -m, lexmill_workers]
      env:
        {{- include "lexmill.storageEnv" . | nindent 8 }}
        - {name: LEXMILL_TELEMETRY__METRICS_HOST, value: 0.0.0.0}
        - {name: LEXMILL_TELEMETRY__METRICS_PORT, value: "8080"}
        - {name: LEXMILL_TELEMETRY__LOG_LEVEL, value: {{ .Values.telemetry.logLevel }}}
        {{- include "lexmill.env" $workers.env | nindent 8 }}
      envFrom:
        {{- range compact (list (include "lexmill.workerSecret" .) .Values.queue.existingSecret .Values.storage.s3.existingSecret) }}
        - secretRef: {name: {{ . }}}
        {{- end }}
      ports:
        - {name: metrics, containerPort: 8080}
      startupProbe:
        httpGet: {path: /livez, port: metrics}
        periodSeconds: 1
        failureThreshold: 120
        timeoutSeconds: 3
      readinessProbe:
        httpGet: {path: /readyz, port: metrics}
        periodSeconds: 5
        timeoutSeconds: 10
      # Fails when it has not looked at its queue for a minute.
      livenessProbe:
        httpGet: {path: /livez, port: metrics}
        periodSeconds: 15
        timeoutSeconds: 10
        failureThreshold: 4
      resources: {{- toYaml $workers.resources | nindent 8 }}
      securityContext: {{- include "lexmill.containerSecurity" . | nindent 8 }}
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
        {{- include "lexmill.volumeMounts" . | nindent 8 }}
  volumes:
    - {name: tmp, emptyDir: {sizeLimit: {{ $workers.scratchSize }}}}
    {{- include "lexmill.volumes" . | nindent 4 }}
{{- end -}}
