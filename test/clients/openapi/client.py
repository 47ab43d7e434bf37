"""Calls the gateway with the client that openapi-python-client has generated. Usage: python client.py ORIGIN; its package is ./generated.

Prints one line for each check: "ok NAME", or "FAILED NAME: WHY". Models are found by the annotations of operations, not by their names.
"""

import importlib
import pathlib
import sys
import typing
import uuid

import httpx
from generated.client import Client

ORIGIN = sys.argv[1]
client = Client(base_url=ORIGIN, timeout=httpx.Timeout(60))
api = pathlib.Path(__file__).parent / "generated" / "api"
modules = {
    path.stem: importlib.import_module(f"generated.api.{path.parent.name}.{path.stem}")
    for path in api.glob("*/*.py")
    if path.stem != "__init__"
}


def call(operation, *args, body=None, **query):
    run = modules[operation].sync_detailed
    if body is not None:
        kinds = typing.get_args(typing.get_type_hints(run)["body"]) or (typing.get_type_hints(run)["body"],)
        model = next(kind for kind in kinds if hasattr(kind, "from_dict"))
        query["body"] = model.from_dict(body)
    return run(*args, client=client, **query)


def check(name, run):
    try:
        run()
        print(f"ok {name}")
    except Exception as error:  # a check that fails is reported, whatever it raised
        print(f"FAILED {name}: {type(error).__name__}: {error}")


def equal(found, wanted):
    if found != wanted:
        raise AssertionError(f"found {found!r}, not {wanted!r}")


email = f"{uuid.uuid4()}@example.com"
created = {}


def create():
    response = call("user_service_create_user", body={"displayName": "Ada", "email": email})
    equal((response.status_code, response.parsed.display_name), (200, "Ada"))
    created["id"] = response.parsed.id


def update():
    response = call("user_service_update_user", created["id"], body={"displayName": "Ada L."})
    equal((response.status_code, response.parsed.display_name, response.parsed.email), (200, "Ada L.", email))


def pages():
    call("user_service_create_user", body={"displayName": "Bob", "email": f"b{email}"})
    first = call("user_service_list_users", page_size=1).parsed
    second = call("user_service_list_users", page_size=1, page_token=first.next_page_token).parsed
    equal(len({user.id for user in [*first.users, *second.users]}), 2)


def missing():
    response = call("user_service_get_user", "usr_01arz3ndektsv4rrffq69g5fav")
    equal((response.status_code, response.parsed.code), (404, 5))


def details():
    response = call("user_service_create_user", body={"displayName": "", "email": "none"})
    equal(response.status_code, 400)
    equal(response.parsed.details[0].to_dict()["@type"], "type.googleapis.com/google.rpc.BadRequest")


def order():
    items = [{"sku": "book", "quantity": 2, "unitPriceCents": "1250"}]
    made = call("order_service_create_order", body={"userId": created["id"], "items": items})
    equal((made.status_code, made.parsed.total_cents), (200, "2500"))
    changed = call("order_service_update_order", made.parsed.id, body={"note": "a gift"})
    equal((changed.status_code, changed.parsed.note), (200, "a gift"))
    listed = call("order_service_list_orders_2", created["id"])
    equal([one.id for one in listed.parsed.orders], [made.parsed.id])


def all_operations():
    paths = httpx.get(f"{ORIGIN}/openapi.json", timeout=60).json()["paths"]
    methods = ("get", "put", "post", "delete", "patch", "options", "head", "trace")
    equal(len(modules), sum(method in methods for path in paths.values() for method in path))


check("all operations of the document are generated", all_operations)
check("create", create)
check("get", lambda: equal(call("user_service_get_user", created["id"]).parsed.email, email))
check("update a part", update)
check("pages", pages)
check("an error", missing)
check("an error with details", details)
check("an order of that user", order)
check("delete", lambda: equal(call("user_service_delete_user", created["id"]).status_code, 200))
