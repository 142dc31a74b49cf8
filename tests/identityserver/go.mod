// Ory Hydra, an OpenID Connect provider for the tests, built by build.py with -mod=readonly. It runs
// on PostgreSQL, so that no C compiler is needed. The replacement is the one of its own go.mod.
module lexmill.test/hydra

go 1.26.0

require github.com/ory/hydra/v2 v2.3.0

require github.com/jackc/pgx/v4 v4.18.3 // indirect

replace github.com/gobuffalo/pop/v6 => github.com/ory/pop/v6 v6.2.1-0.20241121111754-e5dfc0f3344b
