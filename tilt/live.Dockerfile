# The Tiltfile puts it behind the Dockerfile, for one process at a time: sources lie in /tmp, where they can be
# overwritten (the root is read-only), and `python` starts again when they were.
FROM tools AS live-tools
RUN python -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-cache-dir \
      --target /opt/live/lib watchfiles==1.1.1

FROM $TARGET AS live
USER 0
# What is compiled is not compared with its source: without it, Python reads the source.
RUN find /opt/lexmill/code -name __pycache__ -prune -exec rm -r {} + && \
    mv /opt/lexmill/code /opt/lexmill/built && ln -s /tmp/live /opt/lexmill/code
COPY --from=live-tools /opt/live /opt/live
COPY tilt/python /opt/live/bin/python
ENV PATH=/opt/live/bin:/opt/lexmill/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
USER 10001:10001
