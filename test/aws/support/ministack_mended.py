"""Starts MiniStack with what Secrets Manager's documentation says where MiniStack 1.5.33 does otherwise."""

import json

from ministack.app import main
from ministack.core.responses import error_response_json
from ministack.services import secretsmanager as sm

VALUE_LIMIT = 65536

create_secret = sm._create_secret
put_secret_value = sm._put_secret_value


def too_long(data):
    if len((data.get("SecretString") or "").encode("utf-8", "surrogatepass")) <= VALUE_LIMIT:
        return None
    return error_response_json("ValidationException", "The value is too long.", 400)


def create(data):
    """CreateSecret: the request token becomes the version's id; a name that is scheduled for deletion is refused."""
    held = sm._secrets.get(data.get("Name"))
    if held is not None and held.get("DeletedDate"):
        return error_response_json("InvalidRequestException", "Already scheduled for deletion.", 400)
    response = too_long(data) or create_secret(data)
    token = data.get("ClientRequestToken")
    if response[0] != 200 or token is None:
        return response
    answer = json.loads(response[2])
    versions = sm._secrets[data["Name"]]["Versions"]
    versions[token] = versions.pop(answer["VersionId"])
    if data.get("AddReplicaRegions"):
        sm._replicate_secret_to_regions({"SecretId": data["Name"], "AddReplicaRegions": data["AddReplicaRegions"]})
    return sm.json_response({**answer, "VersionId": token})


def put(data):
    """PutSecretValue: a used token changes no value, and a label that is given to a version leaves every other one."""
    _, secret = sm._resolve(data.get("SecretId"))
    if secret is None or secret.get("DeletedDate"):
        return put_secret_value(data)
    token = data.get("ClientRequestToken")
    held = secret["Versions"].get(token)
    if held is not None:
        if held["SecretString"] != data.get("SecretString"):
            return error_response_json("ResourceExistsException", "The token was used with another value.", 400)
        return sm.json_response(
            {"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": token, "VersionStages": held["Stages"]}
        )
    response = too_long(data) or put_secret_value(data)
    if response[0] == 200:
        for stage in data.get("VersionStages", []):
            if stage != "AWSCURRENT":
                sm._remove_stage_everywhere(secret, stage, except_version_id=json.loads(response[2])["VersionId"])
    return response


sm._create_secret = create
sm._put_secret_value = put
main()
