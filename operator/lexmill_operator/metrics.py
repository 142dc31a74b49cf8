from prometheus_client import Counter, Gauge, Histogram

RECONCILES = Counter(
    "lexmill_operator_reconciles_total", "Reconciles of LegalJobs by their end", ["result"]
)
RECONCILE_SECONDS = Histogram("lexmill_operator_reconcile_seconds", "How long a reconcile takes")
LAG_SECONDS = Histogram(
    "lexmill_operator_lag_seconds",
    "From the moment a LegalJob is due to the begin of its reconcile",
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300),
)
DUE = Gauge("lexmill_operator_due_legaljobs", "LegalJobs that wait for a reconcile now")
API_WRITES = Counter(
    "lexmill_operator_api_writes_total",
    "Writes to the Kubernetes API by what they change",
    ["what"],
)
DECLARATIONS = Counter(
    "lexmill_operator_declarations_total", "Declarations sent to Lexmill's API", ["result"]
)
DECISIONS = Counter(
    "lexmill_operator_scaling_decisions_total", "Changes of replicas by their reason", ["reason"]
)
FEED_CONFIRMED = Gauge(
    "lexmill_operator_feed_confirmed_timestamp_seconds", "When the demand feed last answered"
)
LEADER = Gauge("lexmill_operator_is_leader", "1 while this replica holds the Lease")
LEGALJOBS = Gauge("lexmill_operator_legaljobs", "LegalJobs that are known")
