#!/bin/sh
# Builds the image of the Dockerfile with the first of docker, podman and buildah that works
# here; BUILDER names the one to use. IMAGE is its name, pannier by default.
# Arguments go to the build, for instance --build-arg PYTHON_IMAGE=python:3.13-slim@sha256:...
set -eu
cd "$(dirname "$0")/.."
image=${IMAGE:-pannier}

works() {
    case $1 in
    # The command is of no use without its daemon.
    docker) docker version >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null ;;
    esac
}

builder=${BUILDER:-}
for found in docker podman buildah; do
    [ -n "$builder" ] || ! works "$found" || builder=$found
done
if [ -z "$builder" ]; then
    echo 'An image is built with docker, podman or buildah: install one of them' \
        '(Debian and Ubuntu: apt install buildah), or start the daemon of docker.' >&2
    exit 1
fi

version=$(sed -n 's/^version = "\(.*\)"/\1/p' server/pyproject.toml)
set -- --tag "$image:$version" --tag "$image:latest" \
    --label "org.opencontainers.image.created=$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$@"
if revision=$(git rev-parse HEAD 2>/dev/null); then
    set -- --label "org.opencontainers.image.revision=$revision" "$@"
fi
case $builder in
# Health checks are no part of OCI's own format.
podman | buildah) set -- --format docker "$@" ;;
esac
echo "Building $image:$version with $builder"
"$builder" build "$@" .
echo "image: $image:$version and $image:latest"
