// kube-score needs an older k8s.io/api than Helm, so it has a module of its own.
module lexmill.test/kubescore

go 1.26.0

require github.com/zegl/kube-score v1.20.0
