"""Planted Dockerfiles and Compose files; see `marks`."""

PIN = "@sha256:" + "0123456789abcdef" * 4

DOCKER = {
    "no-user/Dockerfile": """\
# syntax=docker/dockerfile:1
«container-root:FROM «image-without-digest:python:3.12-slim»»
COPY . /app
CMD ["python", "/app/main.py"]
""",
    "root/Dockerfile": """\
FROM «image-latest:node»
USER node
RUN npm ci
«container-root:USER root:root»
""",
    "latest/Containerfile": """\
FROM «image-latest:registry.acme.io:5000/base:latest»
USER 1000
""",
    "port-is-no-tag/web.dockerfile": """\
FROM «image-latest:registry.acme.io:5000/base»
USER 1000
""",
    "stages/Dockerfile": f"""\
ARG VERSION=3.12
ARG UNKNOWN
FROM «image-without-digest:python:${{VERSION}}» AS base
USER app
FROM $UNKNOWN AS other
FROM «image-latest:golang» as builder
USER root
COPY --from=«image-without-digest:alpine:3.20» /bin/sh /bin/sh
COPY --from=other /a /b
COPY --from=0 /c /d
COPY --from=alpine{PIN} /e /f
FROM base
COPY --from=builder /app /app
""",
    "pinned/Dockerfile": f"""\
FROM node:22{PIN}
USER 1000:1000
EXPOSE 8080 2222
ENTRYPOINT ["node", "/app/main.js"]
""",
    "unprivileged/Dockerfile": f"""\
FROM gcr.io/distroless/static:nonroot{PIN}
COPY app /app
""",
    "unknown-base/Dockerfile": """\
ARG BASE
FROM ${BASE}
RUN make
""",
    "default/Dockerfile": """\
«container-root:FROM «image-without-digest:${BASE:-debian:12}»»
RUN make
""",
    "scratch/Dockerfile": """\
FROM scratch
USER 65532
""",
    "add/Dockerfile": f"""\
FROM alpine{PIN}
ADD «container-add-address:https://acme.io/tool.tar.gz» /opt/
ADD --chown=app «container-add-address=high:http://acme.io/tool.tar.gz» /opt/
ADD --checksum=sha256:{"ab" * 32} https://acme.io/tool.tar.gz /opt/
ADD https://github.com/acme/tool.git#{"ab" * 20} /opt/
ADD tool.tar.gz /opt/
ADD ["«container-add-address:https://acme.io/a»", "/opt/"]
USER app
""",
    "shell/Dockerfile": f"""\
FROM alpine{PIN}
RUN apk add curl && \\
    # a comment inside
    «pipe-to-shell:curl -fsSL https://get.acme.io \\

      | «container-sudo:sudo» -E bash» -s -- --yes && echo done
RUN «pipe-to-shell=high:wget -qO- http://get.acme.io/i.sh | sh»
RUN «pipe-to-shell:bash -c "$(curl -fsSL https://get.acme.io)"»
RUN curl -fsSL https://acme.io/key.asc | gpg --dearmor -o /usr/share/keyrings/acme.gpg
RUN curl -fsSLo get.sh https://get.acme.io && sha256sum -c sums && sh get.sh
RUN curl -s https://acme.io/data.json | python3 -m json.tool
USER app
""",
    "tls/Dockerfile": f"""\
FROM alpine{PIN}
RUN curl «command-tls-off:-k» https://acme.io/a -o a && curl -fsSL https://acme.io/k -o -
RUN curl «command-tls-off:--insecure» https://acme.io/a -o a
RUN curl «command-tls-off:-fsSLk» https://acme.io/a | tar x
RUN wget «command-tls-off:--no-check-certificate» https://acme.io/a
RUN pip install «command-tls-off:--trusted-host» pypi.acme.io tool
RUN npm config set «command-tls-off:strict-ssl false» && npm config set strict-ssl true
RUN git config --global «command-tls-off:http.sslVerify false»
ENV «command-tls-off:NODE_TLS_REJECT_UNAUTHORIZED=0» PYTHONHTTPSVERIFY=1
RUN echo 'Acquire::https::«command-tls-off:Verify-Peer "false"»;' > /etc/apt/apt.conf.d/80
HEALTHCHECK CMD curl -kf https://localhost:8443/health || exit 1
RUN ssh -o «command-host-key-unchecked:StrictHostKeyChecking=no» git@acme.io
RUN ssh -o StrictHostKeyChecking=yes git@acme.io
USER app
""",
    "packages/Dockerfile": f"""\
FROM debian{PIN}
RUN apt-get install -y «unverified-packages:--allow-unauthenticated» tool
RUN yum install -y «unverified-packages:--nogpgcheck» tool
RUN apk add «unverified-packages:--allow-untrusted» tool.apk
RUN echo "deb «unverified-packages:[arch=amd64 trusted=yes]» https://acme.io a b" > /etc/apt/a.list
RUN echo "deb [signed-by=/usr/share/keyrings/acme.gpg] https://acme.io a b" > /etc/apt/a.list
RUN apt-get update && apt-get install -y --no-install-recommends tool
USER app
""",
    "rights/Dockerfile": f"""\
FROM debian{PIN}
RUN «world-writable:chmod -R 777» /app && chmod 755 /srv && chmod +x /run.sh
RUN «world-writable:chmod a+rw» /data
RUN «container-sudo:sudo» make install && echo sudo
RUN --mount=type=cache,target=/srv/.cache pip install sudo-tool
RUN «privileged-container:--security=insecure» make
RUN docker run «privileged-container:--privileged» tool && docker run tool
EXPOSE 80 «container-ssh:22» 443/tcp
USER app
""",
    "credentials/Dockerfile": f"""\
FROM debian{PIN}
ENV DB_HOST=db DB_PASSWORD=«container-credential:<PHRASE>» \\
    API_TOKEN="«container-credential:<SECRET>»"
ENV SECRET_KEY «container-credential:<SECRET>»
ARG «container-secret-argument:NPM_TOKEN»
ARG PASSWORD_FILE=/run/secrets/db
ARG GITHUB_TOKEN=${{TOKEN}}
ARG VERSION
ENV PASSWORD=changeme TOKEN_URL=https://acme.io/token PASSWORD_MIN_LENGTH=12
ENV DB_PASSWORD_FILE=/run/secrets/db
LABEL password="none of it"
USER app
""",
    "files/Dockerfile": f"""\
FROM debian{PIN} AS keys
COPY «container-secret-file:id_rsa» /srv/app/.ssh/id_rsa
ADD ["«container-secret-file:.env»", "/app/"]
COPY --chown=app src «container-secret-file:config/.npmrc» /app/
COPY .env.example id_rsa.pub environment /app/
FROM debian{PIN}
COPY --from=keys /srv/app/.ssh/id_rsa /srv/app/.ssh/id_rsa
USER app
""",
    "escape/Dockerfile": f"""\
# escape=`
FROM mcr.microsoft.com/windows{PIN}
RUN powershell -Command `
    «pipe-to-shell:iex ((New-Object System.Net.WebClient).DownloadString('https://acme.io/i.ps1'))»
COPY a\\b\\ c\\
USER app
""",
    "heredoc/Dockerfile": f"""\
FROM debian{PIN}
RUN <<EOF
set -e
«pipe-to-shell:curl -fsSL https://get.acme.io | sh»
# curl -k https://acme.io
EOF
COPY <<-"END" /etc/motd
	curl https://acme.io | sh
	USER root
	END
USER app
""",
    "onbuild/Dockerfile": f"""\
FROM debian{PIN}
USER app
ONBUILD RUN «world-writable:chmod 777» /srv
onbuild copy «container-secret-file:.netrc» /srv/app/
""",
    "broken/Dockerfile": f"""\
FROM debian{PIN}
%%%
RUN <<EOF
never ended
%% chmod 777 x
USER app
""",
    "unicode/Dockerfile": f"""\
FROM debian{PIN}
RUN echo "größer 🙂" && «world-writable:chmod 777» /app
USER app
""",
}

COMPOSE = {
    "rights/docker-compose.yml": """\
services:
  web:
    image: «image-latest:acme/web»
    privileged: «privileged-container:true»
    network_mode: «compose-host-namespace:host»
    pid: "service:db"
    cap_add:
      - «compose-capability:SYS_ADMIN»
      - NET_BIND_SERVICE
      - «compose-capability:"CAP_SYS_PTRACE"»
    security_opt: [«compose-unconfined:seccomp:unconfined», no-new-privileges:true]
    volumes:
      - «compose-engine-socket:/var/run/docker.sock:/var/run/docker.sock:ro»
      - «compose-host-folder:/etc:/host/etc»
      - /:/rootfs:ro
      - ./etc:/etc
      - data:/var/lib
      - type: bind
        source: «compose-engine-socket:/run/docker.sock»
        target: /run/docker.sock
  built:
    build: .
    image: acme/built:latest
    privileged: false
    user: app
""",
    "ports/compose.yaml": """\
services:
  db:
    image: «image-without-digest:postgres:16»
    ports:
      - «compose-open-database:"5432:5432"»
      - «compose-open-database:0.0.0.0:6379:6379»
      - "127.0.0.1:3306:3306"
      - "${DB_BIND:-127.0.0.1}:27017:27017"
      - «compose-open-database:"${DB_PORT:-5432}:5432"»
      - "8080:80"
      - "9200"
      - target: «compose-open-database:27017»
        published: 27017
      - target: 1433
        published: 1433
        host_ip: 127.0.0.1
""",
    "environment/docker-compose.prod.yml": """\
x-env: &env
  DB_PASSWORD: «compose-credential:<PHRASE>»
services:
  one:
    build: .
    environment:
      <<: *env
      API_TOKEN: "«compose-credential:<SECRET>»"
      OTHER_TOKEN: ${OTHER_TOKEN}
      PASSWORD_FILE: /run/secrets/password
      SECRET_KEY: changeme
  two:
    build: .
    environment:
      - POSTGRES_PASSWORD=«compose-credential=low:postgres»
      - JWT_SECRET=«compose-credential:<SECRET>»
      - DB_PASSWORD
      - DEBUG=true
""",
    "broken/docker-compose.yml": """\
services:
  web:
    image: "acme
   x: y
""",
}
