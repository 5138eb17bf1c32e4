#!/usr/bin/env python3
"""Stands for systemctl where no systemd runs, and does with a unit's own lines what systemd would:
folders, credentials, user, environment, ExecStart, the readiness protocol, ExecReload, SIGTERM. What
systemd's sandbox forbids is not forbidden here.
"""
import os
import pwd
import re
import signal
import socket
import subprocess
import sys
import time

NAME = "rewheel"
UNIT = f"/usr/lib/systemd/system/{NAME}.service"
CREDENTIALS = f"/run/credentials/{NAME}.service"
TOLD = f"/run/{NAME}.told"
PID = f"/run/{NAME}.pid"
LOG = f"/var/log/{NAME}.log"


def lines(key):
    found = []
    with open(UNIT, encoding="utf-8") as file:
        for line in file:
            name, _, value = line.strip().partition("=")
            if name == key and not line.startswith("#"):
                found.append(value.replace("%d", CREDENTIALS))
    return found


def line(key):
    return lines(key)[-1]


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(min|s)?", text).groups()
    return int(number) * (60 if unit == "min" else 1)


def fail(why):
    with open(LOG, encoding="utf-8", errors="replace") as file:
        sys.exit(f"systemctl: {why}\n{file.read()}")


def told():
    try:
        with open(TOLD, encoding="utf-8") as file:
            return file.read().split()
    except FileNotFoundError:
        return []


def wait(holds, limit, why):
    until = time.monotonic() + limit
    while not holds():
        if time.monotonic() > until:
            fail(why)
        time.sleep(0.05)


def is_running():
    try:
        with open(PID, encoding="utf-8") as file:
            return open(f"/proc/{file.read()}/stat", encoding="utf-8").read().split()[2] != "Z"
    except FileNotFoundError:
        return False


def pid():
    with open(PID, encoding="utf-8") as file:
        return int(file.read())


def folder(path, mode, owner):
    os.makedirs(path, exist_ok=True)
    os.chown(path, owner.pw_uid, owner.pw_gid)
    os.chmod(path, int(mode, 8))


def supervise(owner, environment):
    """Starts the service and writes down what it tells, until it ends."""
    address = f"/run/{NAME}.notify"
    if os.path.exists(address):
        os.unlink(address)
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(address)
    os.chmod(address, 0o666)
    notify.settimeout(0.1)
    environment["NOTIFY_SOCKET"] = address
    environment["WATCHDOG_USEC"] = str(seconds(line("WatchdogSec")) * 1_000_000)
    with open(LOG, "ab") as log:
        child = subprocess.Popen(
            line("ExecStart").split(),
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            user=owner.pw_uid,
            group=owner.pw_gid,
            extra_groups=[],
            umask=int(line("UMask"), 8),
        )
    with open(PID, "w", encoding="utf-8") as file:
        file.write(str(child.pid))
    while child.poll() is None:
        try:
            text = notify.recv(4096).decode()
        except socket.timeout:
            continue
        with open(TOLD, "a", encoding="utf-8") as file:
            file.write(text + "\n")


def start():
    if is_running():
        return
    owner = pwd.getpwnam(line("User"))
    folder("/var/lib/" + line("StateDirectory"), line("StateDirectoryMode"), owner)
    folder("/var/cache/" + line("CacheDirectory"), line("CacheDirectoryMode"), owner)
    folder(CREDENTIALS, "0500", owner)
    for loaded in lines("LoadCredential"):
        name, path = loaded.split(":")
        copy = f"{CREDENTIALS}/{name}"
        with open(path, "rb") as secret, open(copy, "wb") as file:
            file.write(secret.read())
        os.chown(copy, owner.pw_uid, owner.pw_gid)
        os.chmod(copy, 0o400)
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    environment |= dict(one.split("=", 1) for one in lines("Environment"))
    for stale in (TOLD, PID):
        if os.path.exists(stale):
            os.unlink(stale)
    open(LOG, "ab").close()
    if os.fork() == 0:
        os.setsid()
        for stream in (0, 1, 2):
            os.dup2(os.open("/dev/null", os.O_RDWR), stream)
        supervise(owner, environment)
        os._exit(0)
    wait(lambda: "READY=1" in told(), 60, "it does not say that it is ready")


def stop():
    if not is_running():
        return
    os.kill(pid(), signal.SIGTERM)
    limit = seconds(line("TimeoutStopSec"))
    wait(lambda: not is_running(), limit, "it does not end in time")
    if "STOPPING=1" not in told():
        fail("it did not say that it stops")


def reload():
    before = told().count("READY=1")
    command = line("ExecReload").replace("$MAINPID", str(pid()))
    subprocess.run(command.split(), check=True)
    wait(lambda: told().count("READY=1") > before, 60, "it was not loaded anew")
    if "RELOADING=1" not in told():
        fail("it did not say that it loads anew")


def main(arguments):
    words = [word for word in arguments if not word.startswith("-") and word != NAME]
    for word in words:
        if word == "daemon-reload":
            verified = subprocess.run(
                ["systemd-analyze", "verify", "--man=no", UNIT], capture_output=True, text=True
            )
            if verified.returncode or verified.stderr:
                sys.exit(verified.stderr)
        elif word == "enable":
            subprocess.run(["/bin/systemctl", "--quiet", "enable", NAME], check=True)
            if "--now" in arguments:
                start()
        elif word == "restart":
            stop()
            start()
        elif word == "is-active":
            print("active" if is_running() else "inactive")
            sys.exit(0 if is_running() else 3)
        else:
            {"start": start, "stop": stop, "reload": reload}[word]()


main(sys.argv[1:])
