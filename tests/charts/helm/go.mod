// Helm, built by programs.py with -mod=readonly. Change the number, then build it once with GOFLAGS=-mod=mod.
module lexmill.test/helm

go 1.26.0

require helm.sh/helm/v4 v4.3.1
