{{/* How processes reach PostgreSQL, Valkey and the object store. */}}

{{- define "lexmill.hasPostgresql" -}}
{{- if not (or .Values.database.host .Values.database.existingSecret) }}true{{ end -}}
{{- end -}}

{{- define "lexmill.hasValkey" -}}
{{- if not (or .Values.queue.url .Values.queue.existingSecret) }}true{{ end -}}
{{- end -}}

{{- define "lexmill.hasVolume" -}}
{{- if not .Values.storage.uri }}true{{ end -}}
{{- end -}}

{{/* A disk is mounted on one node at a time: whoever mounts it has to be there. */}}
{{- define "lexmill.isOnOneNode" -}}
{{- if and (include "lexmill.hasVolume" .) (not (has "ReadWriteMany" .Values.storage.volume.accessModes)) }}true{{ end -}}
{{- end -}}

{{- define "lexmill.makesLogins" -}}
{{- if and .Values.migrations.enabled (not .Values.database.existingSecret) }}true{{ end -}}
{{- end -}}

{{/* (list . tenant): whether the migrations make its login, by a password that they are given. */}}
{{- define "lexmill.makesLoginOf" -}}
{{- $ := index . 0 -}}
{{- if and (include "lexmill.makesLogins" $) (or (index . 1).createSecret $.Values.database.logins.existingSecret) }}true{{ end -}}
{{- end -}}

{{- define "lexmill.postgresqlSecret" -}}
{{- .Values.postgresql.existingSecret | default (printf "%s-postgresql" (include "lexmill.fullname" .)) -}}
{{- end -}}

{{- define "lexmill.valkeySecret" -}}
{{- .Values.valkey.existingSecret | default (printf "%s-valkey" (include "lexmill.fullname" .)) -}}
{{- end -}}

{{- define "lexmill.loginsSecret" -}}
{{- .Values.database.logins.existingSecret | default (printf "%s-logins" (include "lexmill.fullname" .)) -}}
{{- end -}}

{{/* (list . "login" "password"): the password may be empty, or name a variable of the container: $(PASSWORD). */}}
{{- define "lexmill.databaseUrl" -}}
{{- $ := index . 0 -}}
{{- $host := $.Values.database.host -}}
{{- if include "lexmill.hasPostgresql" $ -}}
{{- $host = printf "%s-postgresql.%s.svc" (include "lexmill.fullname" $) $.Release.Namespace -}}
{{- else if not $host -}}
{{- fail "database.host: where the migrations reach PostgreSQL, as database.existingSecret is for the API only; or set migrations.enabled to false" -}}
{{- end -}}
postgresql+psycopg://{{ index . 1 }}{{ with index . 2 }}:{{ . }}{{ end }}@{{ $host }}:{{ $.Values.database.port }}/{{ $.Values.database.name }}
{{- with $.Values.database.parameters }}?{{ . }}{{ end }}
{{- end -}}

{{/* (list . "password") */}}
{{- define "lexmill.valkeyUrl" -}}
redis://:{{ index . 1 }}@{{ include "lexmill.fullname" (index . 0) }}-valkey.{{ (index . 0).Release.Namespace }}.svc:6379/0
{{- end -}}

{{- define "lexmill.storageEnv" -}}
{{- with .Values.storage -}}
- {name: LEXMILL_STORAGE__URI, value: {{ .uri | default "file:///var/lib/lexmill/objects" | quote }}}
{{- if include "lexmill.hasVolume" $ }}
- {name: LEXMILL_STORAGE__FILE_ROOTS, value: '["/var/lib/lexmill/files"]'}
{{- end }}
{{- with .s3.endpoint }}
- {name: AWS_ENDPOINT_URL, value: {{ . | quote }}}
{{- end }}
{{- with .s3.region }}
- {name: AWS_REGION, value: {{ . | quote }}}
{{- end }}
{{- with .s3.publicEndpoint }}
- {name: LEXMILL_STORAGE__PUBLIC_ENDPOINT, value: {{ . | quote }}}
{{- end }}
{{- if $.Values.certificates.configMap }}
- {name: AWS_CA_BUNDLE, value: /etc/lexmill/certificates/ca.crt}
{{- end }}
{{- end }}
{{- end -}}

{{- define "lexmill.volumeClaim" -}}
{{- .Values.storage.volume.existingClaim | default (printf "%s-objects" (include "lexmill.fullname" .)) -}}
{{- end -}}

{{/* Certificates to trust, and the objects where they lie on a volume. */}}
{{- define "lexmill.volumes" -}}
{{- include "lexmill.certificateVolume" . }}
{{- if include "lexmill.hasVolume" . }}
- name: objects
  persistentVolumeClaim: {claimName: {{ include "lexmill.volumeClaim" . }}}
{{- end }}
{{- end -}}

{{- define "lexmill.volumeMounts" -}}
{{- include "lexmill.certificateMount" . }}
{{- if include "lexmill.hasVolume" . }}
- {name: objects, mountPath: /var/lib/lexmill}
{{- end }}
{{- end -}}

{{/* As lexmill.tenancy.roles.tenant_role names it: PostgreSQL cuts names after 63 bytes. */}}
{{- define "lexmill.tenantLogin" -}}
{{- $name := printf "tenant_%s" . -}}
{{- if gt (len $name) 63 -}}
{{- $name = printf "%s_%s" (trunc 46 $name) (trunc 16 (sha256sum .)) -}}
{{- end -}}
{{- $name -}}
{{- end -}}

{{- define "lexmill.certificateVolume" -}}
{{- with .Values.certificates.configMap }}
- name: certificates
  configMap: {name: {{ . }}, items: [{key: {{ $.Values.certificates.key }}, path: ca.crt}]}
{{- end }}
{{- end -}}

{{- define "lexmill.certificateMount" -}}
{{- if .Values.certificates.configMap }}
- {name: certificates, mountPath: /etc/lexmill/certificates, readOnly: true}
{{- end }}
{{- end -}}
