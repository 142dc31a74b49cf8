{{- define "lexmill.migrationScript" -}}
set -eu
python -m lexmill_migrations wait --for server --seconds {{ .Values.migrations.waitSeconds | int }}
python -m lexmill_migrations upgrade
{{- if include "lexmill.makesLogins" . }}
python -m lexmill_migrations login ingest --password-file /logins/ingest
python -m lexmill_migrations login api --password-file /logins/api
{{- range include "lexmill.tenants" . | fromJsonArray }}
{{- if include "lexmill.makesLoginOf" (list $ .) }}
python -m lexmill_migrations tenant add {{ .namespace }} --password-file /logins/tenant.{{ .namespace }}
{{- range .reads }} --read {{ . | squote }}{{ end }}
{{- range .writes }} --write {{ . | squote }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* (list . "text"): changes with the text. */}}
{{- define "lexmill.migrationName" -}}
{{- printf "%s-migrate-%s" (include "lexmill.fullname" (index . 0)) (index . 1 | sha256sum | trunc 10) -}}
{{- end -}}

{{- define "lexmill.migrationPod" -}}
metadata:
  labels: {{- include "lexmill.podLabels" (list . "migrations") | nindent 4 }}
spec:
  restartPolicy: OnFailure
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- include "lexmill.pullSecrets" . | nindent 2 }}
  securityContext: {{- include "lexmill.podSecurity" . | nindent 4 }}
  containers:
    - name: migrate
      image: {{ include "lexmill.image" (list . "migrate") }}
      imagePullPolicy: {{ .Values.images.pullPolicy }}
      command: [sh, -c]
      args:
        - |
          {{- include "lexmill.migrationScript" . | nindent 10 }}
      env:
        # libpq's own variable: any character may be in it.
        - name: PGPASSWORD
          valueFrom:
            secretKeyRef:
              {{- if include "lexmill.hasPostgresql" . }}
              {name: {{ include "lexmill.postgresqlSecret" . }}, key: password}
              {{- else }}
              {name: {{ .Values.database.owner.existingSecret | required "database.owner.existingSecret: name a Secret with the password of who owns the database, or set migrations.enabled to false" }}, key: {{ .Values.database.owner.key }}}
              {{- end }}
        - {name: LEXMILL_DATABASE__URL, value: {{ include "lexmill.databaseUrl" (list . .Values.database.owner.username "") | quote }}}
      resources: {{- toYaml .Values.migrations.resources | nindent 8 }}
      securityContext: {{- include "lexmill.containerSecurity" . | nindent 8 }}
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
        {{- include "lexmill.certificateMount" . | nindent 8 }}
        {{- if include "lexmill.makesLogins" . }}
        - {name: logins, mountPath: /logins, readOnly: true}
        {{- end }}
  volumes:
    - {name: tmp, emptyDir: {}}
    {{- include "lexmill.certificateVolume" . | nindent 4 }}
    {{- if include "lexmill.makesLogins" . }}
    - {name: logins, secret: {secretName: {{ include "lexmill.loginsSecret" . }}, defaultMode: 0440}}
    {{- end }}
{{- end -}}
