# ruff: noqa: E501
"""Requests, and whether DynamoDB takes them: each is tried on the embedded engine and, with dynoxide
installed, on that as a second opinion.

Each is one line, so that they can be read as a table.

A case is (name, action, request, error): error is the code of DynamoDB's refusal, "" where it takes the
request, or the code of each action's refusal in a cancelled transaction, such as "None, ValidationError".
"""

from typing import Any, NamedTuple

from tests.localdynamo.stores import CHANGES, EVENTS

V = "ValidationException"
KEY = {"id": {"S": "e1"}, "department_id": {"S": "d"}}
ROW = {"department_id": {"S": "d"}, "revision": {"N": "1"}}
KB = 1024


class Case(NamedTuple):
    name: str
    action: str
    request: dict[str, Any]
    error: str


def event(number: int, **more: Any) -> dict[str, Any]:
    return {"id": {"S": f"t{number}"}, "department_id": {"S": "d"}, **more}


def put(number: int, **more: Any) -> dict[str, Any]:
    return {"Put": {"TableName": "events", "Item": event(number, **more)}}


def update(expression: str, values: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    request = {"TableName": "events", "Key": KEY, "UpdateExpression": expression, **more}
    return request | ({"ExpressionAttributeValues": values} if values else {})


def condition(expression: str, values: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    request = {"TableName": "events", "Item": {**KEY}, "ConditionExpression": expression, **more}
    return request | ({"ExpressionAttributeValues": values} if values else {})


def query(expression: str, values: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "TableName": "events", "KeyConditionExpression": expression, "ExpressionAttributeValues": values, **more,
    }  # fmt: skip


def by_date(**more: Any) -> dict[str, Any]:
    return query("department_id = :d", {":d": {"S": "d"}}, IndexName="by-date", **more)


ONE, TWO = {"N": "1"}, {"N": "2"}
X = {"S": "x"}


def _sizes() -> list[Case]:
    def transaction(item_bytes: int, count: int, letter: str) -> dict[str, Any]:
        text = {"S": letter * (item_bytes // len(letter.encode()))}
        return {"TransactItems": [put(number, text=text) for number in range(count)]}

    w, t = "TransactWriteItems", "TransactItems"
    return [
        Case("3.9 MB of Korean", w, transaction(390 * KB, 10, "글"), ""),
        Case("3.9 MB of quotes", w, transaction(390 * KB, 10, '"'), ""),
        Case("over 4 MB of Korean", w, transaction(395 * KB, 11, "글"), V),
        Case("over 4 MB of letters", w, transaction(395 * KB, 11, "x"), V),
        Case("an item over 400 KB", "PutItem", {"TableName": "events", "Item": event(1, text={"S": "글" * 137_000})}, V),
        Case("an item just under 400 KB", "PutItem", {"TableName": "events", "Item": event(1, text={"S": "글" * 136_000})}, ""),
        Case("an item over 400 KB in a transaction", w, {t: [put(1, text={"S": "x" * 410_000})]}, V),
        Case("an update beyond 400 KB", "UpdateItem", update("SET a = :a", {":a": {"S": "x" * 410_000}}), V),
        Case("100 actions", w, {t: [put(number) for number in range(100)]}, ""),
        Case("101 actions", w, {t: [put(number) for number in range(101)]}, V),
        Case("no action", w, {t: []}, V),
        Case("two actions on one item", w, {t: [put(1), put(1)]}, V),
        Case("a check and a put of one item", w, {t: [put(1), {"ConditionCheck": {"TableName": "events", "Key": {k: event(1)[k] for k in KEY}, "ConditionExpression": "attribute_exists(id)"}}]}, V),
        Case("two kinds of action in one", w, {t: [{**put(1), "Delete": {"TableName": "events", "Key": KEY}}]}, V),
        Case("a check without a condition", w, {t: [{"ConditionCheck": {"TableName": "events", "Key": KEY}}]}, V),
        Case("an update without an expression", w, {t: [{"Update": {"TableName": "events", "Key": KEY}}]}, V),
        Case("a key attribute set in a transaction", w, {t: [{"Update": update("SET department_id = :d", {":d": X})}]}, V),
        Case("a token of 37 letters", w, {t: [put(1)], "ClientRequestToken": "x" * 37}, V),
        Case("a table that isn't there", w, {t: [{"Put": {"TableName": "nothing", "Item": KEY}}]}, "ResourceNotFoundException"),
        Case("a key without its range", w, {t: [{"Put": {"TableName": "events", "Item": {"id": X}}}]}, "ValidationError"),
        Case("a key of the wrong type", w, {t: [{"Put": {"TableName": "events", "Item": {"id": X, "department_id": ONE}}}]}, "ValidationError"),
        Case("a key too many", w, {t: [{"Delete": {"TableName": "events", "Key": {**KEY, "x": X}}}]}, "ValidationError"),
        Case("an index key of the wrong type", w, {t: [put(1, event_date=ONE)]}, "ValidationError"),
        Case("an empty index key", w, {t: [put(1, event_date={"S": ""})]}, V),
        Case("an empty key", w, {t: [{"Put": {"TableName": "events", "Item": {**KEY, "id": {"S": ""}}}}]}, V),
    ]  # fmt: skip


def _batches() -> list[Case]:
    def keys(count: int) -> list[dict[str, Any]]:
        return [{"id": {"S": f"t{number}"}, "department_id": {"S": "d"}} for number in range(count)]

    g, w = "BatchGetItem", "BatchWriteItem"

    def get(*wanted: Any, **more: Any) -> dict[str, Any]:
        return {"RequestItems": {"events": {"Keys": list(wanted), **more}}}

    def write(*requests: Any) -> dict[str, Any]:
        return {"RequestItems": {"events": list(requests)}}

    def put_request(number: int, **more: Any) -> dict[str, Any]:
        return {"PutRequest": {"Item": event(number, **more)}}

    many = {
        "events": {"Keys": keys(60)},
        "changes": {"Keys": [{**ROW, "revision": {"N": str(n)}} for n in range(60)]},
    }
    writes = {
        "events": [put_request(number) for number in range(13)],
        "changes": [{"PutRequest": {"Item": {**ROW, "revision": {"N": str(n)}}}} for n in range(13)],
    }
    return [
        Case("100 keys", g, get(*keys(100)), ""),
        Case("101 keys", g, get(*keys(101)), V),
        Case("120 keys of two tables", g, {"RequestItems": many}, V),
        Case("no keys", g, get(), V),
        Case("no tables", g, {"RequestItems": {}}, V),
        Case("a key twice", g, get(*keys(1), *keys(1)), V),
        Case("a key that doesn't fit", g, get({"id": X}), V),
        Case("a batch of an unknown table", g, {"RequestItems": {"nothing": {"Keys": keys(1)}}}, "ResourceNotFoundException"),
        Case("reserved word in a projection of a batch", g, get(*keys(1), ProjectionExpression="id, time"), V),
        Case("25 writes", w, write(*(put_request(number) for number in range(25))), ""),
        Case("26 writes", w, write(*(put_request(number) for number in range(26))), V),
        Case("26 writes to two tables", w, {"RequestItems": writes}, V),
        Case("one item twice", w, write(put_request(1), put_request(1)), V),
        Case("put and delete of one item", w, write(put_request(1), {"DeleteRequest": {"Key": keys(2)[1]}}), V),
        Case("an item of 400 KB and more in a batch", w, write(put_request(1, text={"S": "x" * 410_000})), V),
        Case("a request without an action", w, write({}), V),
        Case("a request with two actions", w, write({**put_request(1), "DeleteRequest": {"Key": KEY}}), V),
    ]  # fmt: skip


def _updates() -> list[Case]:
    u = "UpdateItem"
    return [
        Case("a plain update", u, update("SET a = :a, b = if_not_exists(b, :a) REMOVE c", {":a": X}), ""),
        Case("a reserved word set", u, update("SET time = :a", {":a": X}), V),
        Case("a reserved word removed", u, update("REMOVE url"), V),
        Case("a reserved word added to", u, update("ADD count :a", {":a": ONE}), V),
        Case("a reserved word within a path", u, update("SET m.time = :a", {":a": X}), V),
        Case("a reserved word read", u, update("SET a = time"), V),
        Case("a reserved word in a function", u, update("SET a = if_not_exists(time, :a)", {":a": X}), V),
        Case("a value not used", u, update("SET a = :a", {":a": X, ":b": X}), V),
        Case("a value whose name begins another's", u, update("SET a = :ab", {":ab": X, ":a": X}), V),
        Case("a name not used", u, update("SET a = :a", {":a": X}, ExpressionAttributeNames={"#b": "b"}), V),
        Case("a name whose alias begins another's", u, update("SET #ab = :a", {":a": X}, ExpressionAttributeNames={"#ab": "b", "#a": "a"}), V),
        Case("a value not given", u, update("SET a = :a, b = :b", {":a": X}), V),
        Case("a name not given", u, update("SET #a = :a", {":a": X}), V),
        Case("a value without colon", u, update("SET a = :a", {"a": X}), V),
        Case("values without expressions", u, {"TableName": "events", "Key": KEY, "ExpressionAttributeValues": {":a": X}}, V),
        Case("empty values", u, update("REMOVE a", ExpressionAttributeValues={}), V),
        Case("empty names", u, update("REMOVE a", ExpressionAttributeNames={}), V),
        Case("an empty expression", u, update(""), V),
        Case("one path twice", u, update("SET a = :a, a = :b", {":a": X, ":b": X}), V),
        Case("one path in two clauses", u, update("SET a = :a REMOVE a", {":a": X}), V),
        Case("overlapping paths", u, update("SET m.a = :a, m = :b", {":a": X, ":b": {"M": {}}}), V),
        Case("overlapping through an alias", u, update("SET #a = :a REMOVE a", {":a": X}, ExpressionAttributeNames={"#a": "a"}), V),
        Case("a clause twice", u, update("SET a = :a SET b = :a", {":a": X}), V),
        Case("a comma too many", u, update("SET a = :a,", {":a": X}), V),
        Case("no comma", u, update("SET a = :a b = :a", {":a": X}), V),
        Case("no equals sign", u, update("SET a :a", {":a": X}), V),
        Case("no operand", u, update("SET a ="), V),
        Case("text behind a clause", u, update("REMOVE a b"), V),
        Case("a character that is none of the language's", u, update("SET a = :a ;", {":a": X}), V),
        Case("a clause that doesn't exist", u, update("PUT a = :a", {":a": X}), V),
        Case("a function that doesn't exist", u, update("SET a = plus(b, :a)", {":a": ONE}), V),
        Case("a function of conditions", u, update("SET a = size(b)"), V),
        Case("a sum of texts", u, update("SET a = :a + :b", {":a": X, ":b": ONE}), V),
        Case("a sum with a missing attribute", u, update("SET a = nothing + :a", {":a": ONE}), V),
        Case("three summands", u, update("SET a = :a + :a + :a", {":a": ONE}), V),
        Case("a literal number", u, update("SET a = 1"), V),
        Case("a text added", u, update("ADD a :a", {":a": X}), V),
        Case("a text deleted", u, update("DELETE a :a", {":a": X}), V),
        Case("a set added to a text", u, update("ADD text :a", {":a": {"SS": ["x"]}}), V),
        Case("an empty set added", u, update("ADD tags :a", {":a": {"SS": []}}), V),
        Case("an empty set stored", "PutItem", {"TableName": "events", "Item": {**KEY, "tags": {"SS": []}}}, V),
        Case("a set with one text twice", u, update("ADD tags :a", {":a": {"SS": ["x", "x"]}}), V),
        Case("a key attribute set", u, update("SET id = :a", {":a": X}), V),
        Case("a key attribute removed", u, update("REMOVE department_id"), V),
        Case("a key attribute by an alias", u, update("SET #i = :a", {":a": X}, ExpressionAttributeNames={"#i": "id"}), V),
        Case("a path below a text", u, update("SET text.a = :a", {":a": X}), V),
        Case("a path below nothing", u, update("SET nothing.a = :a", {":a": X}), V),
        Case("an index key emptied", u, update("SET event_date = :a", {":a": {"S": ""}}), V),
        Case("an index key of another type set", u, update("SET event_date = :a", {":a": ONE}), V),
        Case("two types in one value", u, update("SET a = :a", {":a": {"S": "x", "N": "1"}}), V),
        Case("a number that is none", u, update("SET a = :a", {":a": {"N": "one"}}), V),
        Case("a number of 39 digits", u, update("SET a = :a", {":a": {"N": "1" * 39}}), V),
        Case("an unknown type", u, update("SET a = :a", {":a": {"X": "x"}}), V),
        Case("an update of an unknown key", u, {**update("SET a = :a", {":a": X}), "Key": {"id": X}}, V),
        Case("an update with a condition's syntax", u, update("SET a = :a AND b = :a", {":a": X}), V),
        Case("ReturnValues that don't exist", u, update("SET a = :a", {":a": X}, ReturnValues="EVERYTHING"), V),
        Case("an update in no clause", u, update("a = :a", {":a": X}), V),
    ]  # fmt: skip


def _conditions() -> list[Case]:
    p = "PutItem"
    return [
        Case("a plain condition", p, condition("attribute_not_exists(nothing) AND NOT (a = :a OR size(b) > :n)", {":a": X, ":n": ONE}), ""),
        Case("a condition that fails", p, condition("attribute_not_exists(id)"), "ConditionalCheckFailedException"),
        Case("a reserved word in a condition", p, condition("attribute_exists(url)"), V),
        Case("a reserved word compared", p, condition("time = :a", {":a": X}), V),
        Case("an unknown function", p, condition("exists(id)"), V),
        Case("a function without brackets", p, condition("attribute_exists id"), V),
        Case("a function of two paths", p, condition("attribute_exists(id, a)"), V),
        Case("a function of a value", p, condition("attribute_exists(:a)", {":a": X}), V),
        Case("a size alone", p, condition("size(id)"), V),
        Case("a path alone", p, condition("id"), V),
        Case("AND without a right side", p, condition("attribute_exists(id) AND"), V),
        Case("AND without a left side", p, condition("AND attribute_exists(id)"), V),
        Case("brackets not closed", p, condition("(attribute_exists(id)"), V),
        Case("brackets closed twice", p, condition("attribute_exists(id))"), V),
        Case("brackets around brackets", p, condition("((attribute_exists(id)))"), V),
        Case("BETWEEN without AND", p, condition("a BETWEEN :a :b", {":a": ONE, ":b": TWO}), V),
        Case("BETWEEN the wrong way round", p, condition("a BETWEEN :b AND :a", {":a": ONE, ":b": TWO}), V),
        Case("BETWEEN two types", p, condition("a BETWEEN :a AND :b", {":a": ONE, ":b": X}), V),
        Case("IN without brackets", p, condition("a IN :a", {":a": ONE}), V),
        Case("IN nothing", p, condition("a IN ()"), V),
        Case("two equals signs", p, condition("a == :a", {":a": ONE}), V),
        Case("an exclamation mark", p, condition("a != :a", {":a": ONE}), V),
        Case("a comparison of one path with itself", p, condition("a = a"), V),
        Case("begins_with a number", p, condition("begins_with(a, :a)", {":a": ONE}), V),
        Case("less than a truth", p, condition("a < :a", {":a": {"BOOL": True}}), V),
        Case("an unknown type's name", p, condition("attribute_type(a, :a)", {":a": {"S": "TEXT"}}), V),
        Case("a condition's value not used", p, condition("a = :a", {":a": X, ":b": X}), V),
        Case("a condition's value not given", p, condition("a = :a"), V),
        Case("an empty condition", p, condition(""), V),
        Case("a condition of blanks", p, condition("  "), V),
        Case("a literal text", p, condition("a = 'x'"), V),
        Case("a semicolon", p, condition("attribute_exists(id);"), V),
        Case("a condition of a get", "GetItem", {"TableName": "events", "Key": KEY, "ProjectionExpression": "id,"}, V),
        Case("a projection twice", "GetItem", {"TableName": "events", "Key": KEY, "ProjectionExpression": "a, a"}, V),
        Case("a reserved word projected", "GetItem", {"TableName": "events", "Key": KEY, "ProjectionExpression": "name"}, V),
        Case("a get of half a key", "GetItem", {"TableName": "events", "Key": {"id": X}}, V),
        Case("a delete of half a key", "DeleteItem", {"TableName": "events", "Key": {"id": X}}, V),
    ]  # fmt: skip


def _queries() -> list[Case]:
    q, d = "Query", {":d": {"S": "d"}}
    last = {"id": X, "department_id": {"S": "d"}, "event_date": {"S": "2024"}}
    text = "department_id = :d AND event_date "
    return [
        Case("a page of the index", q, by_date(Limit=1), ""),
        Case("the index after a key", q, by_date(ExclusiveStartKey=last), ""),
        Case("a consistent read of the index", q, by_date(ConsistentRead=True), V),
        Case("a consistent scan of the index", "Scan", {"TableName": "events", "IndexName": "by-date", "ConsistentRead": True}, V),
        Case("a limit of 0", q, by_date(Limit=0), V),
        Case("a limit below 0", q, by_date(Limit=-1), V),
        Case("a scan's limit of 0", "Scan", {"TableName": "events", "Limit": 0}, V),
        Case("an unknown index", q, {**by_date(), "IndexName": "by-name"}, V),
        Case("a start key without the index's range", q, by_date(ExclusiveStartKey=KEY), V),
        Case("a start key with more than keys", q, by_date(ExclusiveStartKey={**last, "x": X}), V),
        Case("a start key of another type", q, by_date(ExclusiveStartKey={**last, "event_date": ONE}), V),
        Case("a start key of another partition", q, by_date(ExclusiveStartKey={**last, "department_id": X}), V),
        Case("a start key outside the range", q, query(text + "> :e", {**d, ":e": {"S": "2025"}}, IndexName="by-date", ExclusiveStartKey=last), V),
        Case("an empty start key", q, by_date(ExclusiveStartKey={}), V),
        Case("a scan's start key of half a key", "Scan", {"TableName": "events", "ExclusiveStartKey": {"id": X}}, V),
        Case("no key condition", q, {"TableName": "events"}, V),
        Case("an empty key condition", q, {"TableName": "events", "KeyConditionExpression": ""}, V),
        Case("the range alone", q, query("event_date = :d", d, IndexName="by-date"), V),
        Case("a range of keys", q, query("id > :d", d), V),
        Case("OR between keys", q, query("id = :d OR department_id = :d", d), V),
        Case("an attribute that is no key", q, query("id = :d AND title = :d", d), V),
        Case("not equal", q, query("id = :d AND department_id <> :d", d), V),
        Case("two conditions on the range", q, query("id = :d AND department_id > :d AND department_id < :d", d), V),
        Case("a key of another type", q, query("id = :d", {":d": ONE}), V),
        Case("an empty key in a query", q, query("id = :d", {":d": {"S": ""}}), V),
        Case("a query's value not used", q, query("id = :d", {**d, ":e": X}), V),
        Case("a query's value not given", q, query("id = :d AND department_id = :e", d), V),
        Case("a query's name not given", q, query("#i = :d", d), V),
        Case("a key in the filter", q, query("id = :d", d, FilterExpression="department_id = :d"), V),
        Case("a reserved word in the filter", q, query("id = :d", d, FilterExpression="url = :d"), V),
        Case("BETWEEN the wrong way round in keys", q, query(text + "BETWEEN :f AND :e", {**d, ":e": X, ":f": {"S": "y"}}, IndexName="by-date"), V),
        Case("a function around the partition's key", q, query("begins_with(id, :d)", d), V),
        Case("begins_with a number's key", q, {"TableName": "changes", "KeyConditionExpression": "department_id = :d AND begins_with(revision, :n)", "ExpressionAttributeValues": {**d, ":n": ONE}}, V),
        Case("Select that doesn't exist", q, by_date(Select="EVERYTHING"), V),
        Case("a query of an unknown table", q, {**by_date(), "TableName": "nothing"}, "ResourceNotFoundException"),
    ]  # fmt: skip


def _tables() -> list[Case]:
    ttl = {"Enabled": True, "AttributeName": "expires_at"}
    index = EVENTS["GlobalSecondaryIndexes"][0]  # type: ignore[index]
    unused = {
        **CHANGES,
        "TableName": "more",
        "AttributeDefinitions": [
            *CHANGES["AttributeDefinitions"],
            {"AttributeName": "x", "AttributeType": "S"},
        ],
    }  # type: ignore[misc]
    provisioned = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    return [
        Case("a table that is there", "CreateTable", {**CHANGES}, "ResourceInUseException"),
        Case("an attribute that no key uses", "CreateTable", unused, V),
        Case("a provisioned table without throughput", "CreateTable", {**CHANGES, "TableName": "more", "BillingMode": "PROVISIONED"}, V),
        Case("throughput on demand", "CreateTable", {**CHANGES, "TableName": "more", "ProvisionedThroughput": provisioned}, V),
        Case("an index that is there", "UpdateTable", {"TableName": "events", "AttributeDefinitions": EVENTS["AttributeDefinitions"], "GlobalSecondaryIndexUpdates": [{"Create": index}]}, V),
        Case("an index of undefined attributes", "UpdateTable", {"TableName": "changes", "AttributeDefinitions": CHANGES["AttributeDefinitions"], "GlobalSecondaryIndexUpdates": [{"Create": {**index, "IndexName": "new"}}]}, V),
        Case("time to live of an unknown table", "UpdateTimeToLive", {"TableName": "nothing", "TimeToLiveSpecification": ttl}, "ResourceNotFoundException"),
        Case("time to live disabled where it is", "UpdateTimeToLive", {"TableName": "changes", "TimeToLiveSpecification": {**ttl, "Enabled": False}}, V),
        Case("time to live without an attribute", "UpdateTimeToLive", {"TableName": "changes", "TimeToLiveSpecification": {"Enabled": True}}, V),
        Case("an unknown table described", "DescribeTable", {"TableName": "nothing"}, "ResourceNotFoundException"),
        Case("an unknown table deleted", "DeleteTable", {"TableName": "nothing"}, "ResourceNotFoundException"),
    ]  # fmt: skip


CASES = [*_sizes(), *_batches(), *_updates(), *_conditions(), *_queries(), *_tables()]
