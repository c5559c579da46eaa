"""Real services on loopback, each on a free port, ended by their pid."""

import base64
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def log_in(home, logins, with_helper=None):
    """The logins of a user, {host: (user, password)}, as `docker login` keeps them, or as a credential helper below
    `home`/bin tells them. The files that hold passwords now."""
    config = {"auths": {host: {"auth": base64.b64encode(":".join(login).encode()).decode()}
                        for host, login in logins.items()}}
    written = {".docker/config.json": config}
    for host, (user, password) in (with_helper or {}).items():
        config["credHelpers"] = {host: "known"}
        written["known.json"] = {"ServerURL": host, "Username": user, "Secret": password}
        written["bin/docker-credential-known"] = None
    for name, content in written.items():
        path = os.path.join(home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(json.dumps(content) if content else '#!/bin/sh\ncat "$HOME/known.json"\n')
        os.chmod(path, 0o600 if content else 0o700)
    return [os.path.join(home, name) for name, content in written.items() if content]


class Registry:
    """Debian's docker-registry. Its access log is the witness of what was asked."""

    def __init__(self, folder, login=None):
        self.folder = folder
        self.login = login
        self.port = free_port()
        self.host = f"localhost:{self.port}"
        self.process = None
        os.makedirs(folder, exist_ok=True)
        self.log_path = os.path.join(folder, "access.log")
        self.write_settings()

    def write_settings(self):
        auth = ""
        if self.login:
            user, password = self.login
            line = subprocess.run(["htpasswd", "-Bin", user], input=password, check=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
            with open(os.path.join(self.folder, "htpasswd"), "w", encoding="utf-8") as file:
                file.write(line)
            auth = f"auth: {{htpasswd: {{realm: test, path: {self.folder}/htpasswd}}}}\n"
        with open(os.path.join(self.folder, "config.yml"), "w", encoding="utf-8") as file:
            file.write(f"version: 0.1\nlog: {{accesslog: {{disabled: false}}}}\n"
                       f"storage: {{filesystem: {{rootdirectory: {self.folder}/data}}, "
                       "delete: {enabled: true}}\n"
                       f"http: {{addr: 127.0.0.1:{self.port}}}\n{auth}")

    def start(self):
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            ["docker-registry", "serve", os.path.join(self.folder, "config.yml")],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                urllib.request.urlopen(f"http://{self.host}/v2/", timeout=2).close()
                return self
            except urllib.error.HTTPError:
                return self
            except OSError:
                time.sleep(0.05)
        raise AssertionError("docker-registry does not answer")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def wipe(self):
        """Everything that was pushed is gone."""
        self.stop()
        subprocess.run(["rm", "-rf", os.path.join(self.folder, "data")], check=True)
        self.start()

    def forget_tag(self, repository, tag):
        """A name is gone; what it stood for is still there."""
        subprocess.run(["rm", "-rf", os.path.join(self.tags_folder(repository), tag)], check=True)

    def tags(self, repository):
        """The names of a repository, and the digest of each."""
        folder = self.tags_folder(repository)
        found = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name, "current", "link"), encoding="utf-8") as file:
                found[name] = file.read()
        return found

    def tags_folder(self, repository):
        return os.path.join(self.folder, "data/docker/registry/v2/repositories", repository, "_manifests/tags")

    def writes(self, done_only=False):
        """The requests that change something, in order, as `PUT /v2/…`; or only those that were not refused."""
        found = []
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            for line in file:
                quoted = line.split('"')
                if len(quoted) < 3 or quoted[1].split(" ")[0] not in ("POST", "PUT", "PATCH", "DELETE"):
                    continue
                if not done_only or quoted[2].startswith(" 2"):
                    found.append(" ".join(quoted[1].split(" ")[:2]))
        return found


class Dav:
    """nginx, with the methods of WebDAV that it knows: PUT, DELETE, MKCOL. Its access log is the witness.

    `login`: USER:PASSWORD, asked of everything; `token`: a bearer token in its place; `writers`: (PATH, TOKEN),
    a token that is asked of those who write below a path."""

    def __init__(self, folder, login=None, token=None, writers=None):
        self.folder = folder
        self.writers = writers
        self.login = login
        self.token = token
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.process = None
        self.log_path = os.path.join(folder, "access.log")
        for name in ("data", "tmp"):
            os.makedirs(os.path.join(folder, name), exist_ok=True)

    def write_settings(self):
        guard = ""
        if self.login:
            user, password = self.login.split(":", 1)
            line = subprocess.run(["openssl", "passwd", "-apr1", "-stdin"], input=password, check=True,
                                  stdout=subprocess.PIPE, text=True).stdout
            with open(os.path.join(self.folder, "htpasswd"), "w", encoding="utf-8") as file:
                file.write(f"{user}:{line}")
            guard = f"auth_basic test; auth_basic_user_file {self.folder}/htpasswd;"
        if self.token:
            guard = f'if ($http_authorization != "Bearer {self.token}") {{ return 401; }}'
        place = f"root {self.folder}/data; dav_methods PUT DELETE MKCOL;"
        below = ""
        if self.writers:
            below = (f'location {self.writers[0]} {{ {place} set $who "$request_method $http_authorization"; '
                     f'if ($who !~ "^(GET|HEAD) |^[A-Z]+ Bearer {self.writers[1]}$") {{ return 401; }} }}')
        temporary = "".join(f"{name}_temp_path {self.folder}/tmp/{name}; "
                            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        root = "user root;\n" if os.geteuid() == 0 else ""
        path = os.path.join(self.folder, "nginx.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"""{root}daemon off;
worker_processes 1;
pid {self.folder}/pid;
error_log {self.folder}/error.log;
events {{ }}
http {{
  log_format plain '$request_method $uri $status';
  access_log {self.log_path} plain;
  {temporary}
  client_max_body_size 0;
  server {{
    listen 127.0.0.1:{self.port};
    location / {{
      {place}
      {guard}
    }}
    {below}
  }}
}}
""")
        return path

    def start(self):
        self.process = subprocess.Popen(
            ["nginx", "-c", self.write_settings(), "-p", self.folder, "-e", f"{self.folder}/error.log"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.port), 2).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise AssertionError("nginx does not answer")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def path(self, name):
        return os.path.join(self.folder, "data", name)

    def writes(self):
        """The requests that change something, in order, as `PUT /a/b 201`."""
        with open(self.log_path, encoding="utf-8") as file:
            return [line.strip() for line in file if line.split(" ")[0] in ("PUT", "DELETE", "MKCOL")]


class Dockerd:
    """A docker daemon of its own, on a socket in its folder; it needs no network and no bridge."""

    def __init__(self, folder):
        self.folder = folder
        self.host = f"unix://{folder}/docker.sock"
        self.process = None
        os.makedirs(folder, exist_ok=True)

    def start(self):
        with open(f"{self.folder}/log", "ab") as log:
            self.process = subprocess.Popen(
                ["dockerd", "--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/exec",
                 "--pidfile", f"{self.folder}/pid", "--host", self.host, "--iptables=false",
                 "--bridge=none", "--storage-driver", "vfs"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.folder})
        end = time.monotonic() + 60
        while not self.answers():
            if time.monotonic() > end or self.process.poll() is not None:
                with open(f"{self.folder}/log", encoding="utf-8") as file:
                    raise AssertionError("dockerd does not start:\n" + file.read())
            time.sleep(0.1)
        return self

    def answers(self):
        return self.call("version").returncode == 0

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def call(self, *words):
        return subprocess.run(["docker", "--host", self.host, *words], check=False, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={"PATH": "/usr/bin:/bin", "HOME": self.folder})
