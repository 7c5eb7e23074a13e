"""A stand-in server for tests of language-model commands: the real one, over HTTP."""

import contextlib
import json
import signal
import subprocess
import urllib.error
import urllib.request

from harness import PLAIN, THRONG


class Server:
    def __init__(self, process, url):
        self.process, self.url = process, url

    def post(self, path="/chat/completions", key=None, **fields):
        """(code, headers, body as text) of one request."""
        body = json.dumps({"model": "stand-in", **fields}).encode()
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + path, body, headers), timeout=20) as reply:
                return reply.status, reply.headers, reply.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode(errors="replace")

    def ask(self, prompt, **fields):
        code, _, body = self.post(messages=[{"role": "user", "content": prompt}], **fields)
        assert code == 200, body
        return json.loads(body)


@contextlib.contextmanager
def server(*args, env=None):
    """A stand-in on a free port; it must end well on Ctrl-C, and stops saying how much it was asked."""
    process = subprocess.Popen([THRONG, "mock-llm", *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**PLAIN, **(env or {})}, text=True)
    url = process.stdout.readline().strip()
    assert url.startswith("http://127.0.0.1:"), (url, process.stderr.read())
    it = Server(process, url)
    try:
        yield it
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        it.out, it.err = process.communicate(timeout=20)
    assert process.returncode in (0, -signal.SIGKILL) and it.err == "", (process.returncode, it.err)
