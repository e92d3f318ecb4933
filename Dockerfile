# The sidecar as an image. It keeps its records in SQLite on the volume /data and listens on
# a Unix socket in /run/pannier and on loopback. Every setting is a PANNIER_ variable, or a
# flag after `serve`.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
COPY requirements/build.txt requirements/otel.txt requirements/runtime.txt requirements/
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt
# What --traces needs is there too; nothing of it is imported unless that is on.
RUN python -m venv --without-pip /opt/pannier \
    && /opt/build/bin/pip --python /opt/pannier/bin/python \
       install --no-cache-dir --require-hashes -r requirements/runtime.txt -r requirements/otel.txt
# botocore describes 400 services, most of its size; these are ours and the credential chain's.
RUN find /opt/pannier/lib/python3.*/site-packages/botocore/data -mindepth 1 -maxdepth 1 -type d \
       ! -name dynamodb ! -name signin ! -name sso ! -name sso-oidc ! -name sts \
       -exec rm -r {} +
COPY client/python client/python
COPY server server
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation \
       --wheel-dir /opt/wheels ./client/python ./server \
    && /opt/build/bin/pip --python /opt/pannier/bin/python \
       install --no-cache-dir --no-index --no-deps /opt/wheels/*.whl

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="Pannier" \
      org.opencontainers.image.description="gRPC storage sidecar for versioned records" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/pannier/pannier"
# What installs packages is not needed any more, and would only have to be kept free of holes.
RUN python -m pip uninstall --quiet --yes --root-user-action=ignore pip \
    && python -c 'import ensurepip, shutil; shutil.rmtree(ensurepip.__path__[0])'
COPY --from=build /opt/pannier /opt/pannier
COPY LICENSE /opt/pannier/
RUN install -d -o 10001 -g 10001 -m 0750 /data /run/pannier
# Container runtimes kill 10 seconds after SIGTERM: calls in flight get a little less.
ENV PATH=/opt/pannier/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PANNIER_STORE=sqlite:///data/pannier.db \
    PANNIER_LISTEN=unix:/run/pannier/pannier.sock,127.0.0.1:50051 \
    PANNIER_ADDRESS=unix:/run/pannier/pannier.sock \
    PANNIER_GRACE=8s
USER 10001:10001
# Both belong to the user above, so that they do in the volumes of Docker and ECS too.
VOLUME ["/data", "/run/pannier"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["pannier", "health"]
ENTRYPOINT ["pannier"]
CMD ["serve"]
