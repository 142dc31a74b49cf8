{{/* The rules of manifests/rbac/operator.yaml, with which the operator's tests run; a test holds the two together. */}}

{{- define "lexmill.operatorRules" -}}
- apiGroups: [lexmill.io]
  resources: [legaljobs]
  verbs: [get, list, watch, delete]
- apiGroups: [lexmill.io]
  resources: [legaljobs/status]
  verbs: [patch]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, patch]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- end -}}

{{- define "lexmill.operatorLeaseRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get, create, update]
{{- end -}}

{{- define "lexmill.apiRules" -}}
- apiGroups: [authentication.k8s.io]
  resources: [tokenreviews]
  verbs: [create]
- apiGroups: [authorization.k8s.io]
  resources: [subjectaccessreviews]
  verbs: [create]
{{- end -}}

{{/* Of manifests/knative/addressable.yaml. */}}
{{- define "lexmill.addressableRules" -}}
- apiGroups: [lexmill.io]
  resources: [legaljobs, legaljobs/status]
  verbs: [get, list, watch]
{{- end -}}

{{/* What `python -m lexmill_operator uninstall` needs besides. */}}
{{- define "lexmill.uninstallRules" -}}
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, delete]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [delete]
{{- end -}}
