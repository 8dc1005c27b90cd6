"""Loaded by Schemathesis: what no description of an answer can say of it."""

import json
import os
import re

import schemathesis

with open(os.environ["PULLPASS_CANARIES"], encoding="utf-8") as canaries:
    SECRETS = json.load(canaries)

# What hands out credentials.
MAY_HOLD_ONE = re.compile(r"/(?:resolve|docker-credential|docker-config)$")


@schemathesis.check
def no_outage(ctx, response, case):
    """503 is an answer where there is no credential, and how health says that somebody is needed."""
    if response.status_code != 503 or case.operation.path == "/healthz":
        return
    if "credential_unavailable" not in response.text:
        raise AssertionError("503 without credential_unavailable")


@schemathesis.check
def no_secret(ctx, response, case):
    """No answer holds a secret, but those that are asked for one."""
    if MAY_HOLD_ONE.search(case.operation.path) and response.status_code == 200:
        return
    shown = response.text + "\n".join(response.headers.keys())
    for number, secret in enumerate(SECRETS):
        if secret in shown:
            raise AssertionError(f"the answer holds the secret number {number}")
