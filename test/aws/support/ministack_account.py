"""Starts MiniStack with what IAM, CloudFormation, Scheduler and CloudWatch Logs do where MiniStack 1.5.33 does otherwise,
and a minute of Scheduler's as long as the tests want it. What it does otherwise and is not mended, the tests say."""

import json
import os
import re
import runpy

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.services import cloudwatch_logs, eventbridge, scheduler
from ministack.services.cloudformation import provisioners

PARTITION_KEY = "pk"
PARTIQL = {
    "SELECT": "dynamodb:PartiQLSelect",
    "INSERT": "dynamodb:PartiQLInsert",
    "UPDATE": "dynamodb:PartiQLUpdate",
    "DELETE": "dynamodb:PartiQLDelete",
}
STATEMENT_TABLE = re.compile(r'(?:FROM|INTO|UPDATE)\s+"([^"]+)"(?:\."([^"]+)")?', re.IGNORECASE)

extract_iam_action = iam_actions.extract_iam_action
dynamodb_resource_arns = iam_actions.dynamodb_resource_arns
dynamodb_service_context = iam_actions.dynamodb_service_context
dynamodb_transaction_checks = iam_actions.dynamodb_transaction_checks
access_denied_response = iam_actions.access_denied_response
enforce = iam_evaluator.enforce


def request_of(body):
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def action_of(service, method, path, headers, body, query_params):
    """PartiQL statements are authorized by their verb and not as ExecuteStatement, which is no action of IAM."""
    action = extract_iam_action(service, method, path, headers, body, query_params)
    if action != "dynamodb:ExecuteStatement":
        return action
    verb = request_of(body).get("Statement", "").split(None, 1)[0].upper()
    return PARTIQL.get(verb, action)


def table_arns(body, region, account_id):
    """A PartiQL statement names its table within."""
    named = STATEMENT_TABLE.search(request_of(body).get("Statement", ""))
    if named is None:
        return dynamodb_resource_arns(body, region, account_id)
    table, index = named.groups()
    suffix = "" if index is None else f"/index/{index}"
    return [iam_actions._dynamodb_table_arn(table, region, account_id) + suffix]


def partitions_in(value):
    """Every partition that a request names as part of an item or of a key."""
    if isinstance(value, list):
        return [partition for each in value for partition in partitions_in(each)]
    if not isinstance(value, dict):
        return []
    own = value.get(PARTITION_KEY)
    if isinstance(own, dict) and isinstance(own.get("S"), str):
        return [own["S"]]
    return [partition for each in value.values() for partition in partitions_in(each)]


def table_context(body):
    context = dynamodb_service_context(body)
    request = request_of(body)
    partitions = partitions_in(request)
    if partitions:
        context["dynamodb:LeadingKeys"] = partitions
    statement = request.get("Statement")
    if statement is not None:
        by_key = re.search(rf"WHERE\s+\"?{PARTITION_KEY}\"?\s*(?:=|IN\b)", statement, re.IGNORECASE)
        context["dynamodb:FullTableScan"] = "false" if by_key else "true"
    return context


class ItemArn(str):
    """A table's ARN in the check of one item of a transaction."""

    partitions = ()


def transaction_checks(iam_action, body, region, account_id):
    """Each item of a transaction is checked with its own partition and not with everybody's."""
    checks = dynamodb_transaction_checks(iam_action, body, region, account_id)
    items = [item for item in request_of(body).get("TransactItems", []) if isinstance(item, dict)]
    if len(checks) != len(items):
        return checks
    return [(action, item_arn(arn, item)) for (action, arn), item in zip(checks, items)]


def item_arn(arn, item):
    named = ItemArn(arn)
    named.partitions = partitions_in(item)
    return named


def enforce_item(access_key, action, service, region, resource_arn="*", service_context=None):
    if isinstance(resource_arn, ItemArn):
        service_context = {**(service_context or {}), "dynamodb:LeadingKeys": resource_arn.partitions}
    return enforce(access_key, action, service, region, resource_arn=resource_arn, service_context=service_context)


def refusal(service, action, principal_arn, *parameters, **named):
    """Said where the tests find it: one line with who was refused what."""
    if not named.get("error_code"):
        print(f"REFUSED {principal_arn} {action} {named.get('resource_arn', '*')}", flush=True)
    return access_denied_response(service, action, principal_arn, *parameters, **named)


def pattern_matches(pattern, message):
    """`{ $.name = "value" && … }`, as far as it is used here. Terms without braces are left to MiniStack."""
    if not pattern.strip().startswith("{"):
        return matches(pattern, message)
    wanted = re.findall(r'\$\.(\w+)\s*=\s*"([^"]*)"', pattern)
    found = request_of(message)
    return bool(wanted) and all(found.get(name) == value for name, value in wanted)


matches = cloudwatch_logs._subscription_pattern_matches


def name_of(arn):
    return arn.split(":secret:")[-1].rsplit("-", 1)[0] if arn.startswith("arn:") else arn


def create_secret(*parameters, **named):
    _, attributes = handler["create"](*parameters, **named)
    return attributes["Arn"], attributes


def update_secret(physical_id, *parameters, **named):
    _, attributes = handler["update"](name_of(physical_id), *parameters, **named)
    return attributes["Arn"], attributes


def delete_secret(physical_id, props):
    return handler["delete"](name_of(physical_id), props)


handler = dict(provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"])
provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"] = {
    **handler,
    "create": create_secret,
    "update": update_secret,
    "delete": delete_secret,
}
iam_actions.extract_iam_action = action_of
iam_actions.dynamodb_resource_arns = table_arns
iam_actions.dynamodb_service_context = table_context
iam_actions.dynamodb_transaction_checks = transaction_checks
iam_evaluator.enforce = enforce_item
iam_actions.access_denied_response = refusal
cloudwatch_logs._subscription_pattern_matches = pattern_matches

minute = int(os.environ.pop("MINISTACK_MINUTE_SECONDS", "60"))
rate_seconds = eventbridge._parse_rate_seconds


def scaled_rate(expression):
    seconds = rate_seconds(expression)
    return None if seconds is None else seconds * minute / 60


eventbridge._parse_rate_seconds = scaled_rate
scheduler._SCHEDULE_TICK_INTERVAL = min(1, minute)
# It would also listen on 443, where other tests' registries listen.
app._port_is_bindable = lambda *_: False

runpy.run_path(os.path.join(os.path.dirname(__file__), "ministack_mended.py"))
