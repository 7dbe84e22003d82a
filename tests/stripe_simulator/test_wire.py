"""Keys, versions, accounts, parameters, lists and errors, as Stripe's clients meet them."""

from typing import Any

import pytest
import stripe

from simulators.stripe.wire import decode_form
from tests.stripe_simulator.conftest import ClientFactory, Simulator
from tests.stripe_simulator.sessions import checkout


def test_brackets_nest_and_empty_ones_count() -> None:
    pairs = [("expand[]", "a"), ("expand[]", "b"), ("items[0][price][unit]", "1"), ("x", "")]
    assert decode_form(pairs) == {
        "expand": {"0": "a", "1": "b"},
        "items": {"0": {"price": {"unit": "1"}}},
        "x": "",
    }


@pytest.mark.parametrize("api_key", ["sk_live_1", "pk_live_1", "nonsense"])
async def test_only_test_keys_are_let_in(make_client: ClientFactory, api_key: str) -> None:
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key"):
        await make_client(api_key).v1.customers.list_async()


async def test_an_answer_carries_its_request_id(client: stripe.StripeClient) -> None:
    customer = await client.v1.customers.create_async({"email": "a@example.com"})
    response = customer.last_response
    assert response is not None
    assert str(response.request_id).startswith("req_")


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"amount": 100}, "parameter_missing", "currency"),
        ({"amount": 100, "currency": "eur", "colour": "red"}, "parameter_unknown", "colour"),
        ({"amount": "--1", "currency": "eur"}, "parameter_invalid_integer", "amount"),
        ({"amount": "ten", "currency": "eur"}, "parameter_invalid_integer", "amount"),
        ({"amount": 49, "currency": "eur"}, "amount_too_small", "amount"),
        ({"amount": 29, "currency": "gbp"}, "amount_too_small", "amount"),
        ({"amount": 49, "currency": "jpy"}, "amount_too_small", "amount"),
        ({"amount": 10**8, "currency": "eur"}, "amount_too_large", "amount"),
        ({"amount": 1001, "currency": "kwd"}, "parameter_invalid_integer", "amount"),
        ({"amount": 100, "currency": "xyz"}, None, "currency"),
        ({"amount": 100, "currency": "eur", "capture_method": "x"}, None, "capture_method"),
        (
            {"amount": 100, "currency": "eur", "description": ""},
            "parameter_invalid_empty",
            "description",
        ),
        ({"amount": 100, "currency": "eur", "customer": "cus_x"}, "resource_missing", "customer"),
        ({"amount": 100, "currency": "eur", "off_session": True}, None, "off_session"),
        ({"amount": 100, "currency": "eur", "metadata": {"k": "v" * 501}}, None, "metadata[k]"),
        (
            {"amount": 100, "currency": "eur", "metadata": {"k" * 41: "v"}},
            None,
            f"metadata[{'k' * 41}]",
        ),
        (
            {"amount": 100, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True},
            None,
            "return_url",
        ),
        (
            {"amount": 100, "currency": "eur", "on_behalf_of": "acct_1"},
            "parameter_not_simulated",
            "on_behalf_of",
        ),
    ],
)
async def test_wrong_parameters_are_refused_and_named(
    client: stripe.StripeClient, params: Any, code: str | None, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await client.v1.payment_intents.create_async(params)
    assert (refused.value.http_status, refused.value.code) == (400, code)
    assert refused.value.param == param


async def test_payment_method_types_ended_with_endive(
    client: stripe.StripeClient, make_client: ClientFactory
) -> None:
    params: Any = {"amount": 100, "currency": "eur", "payment_method_types": ["card"]}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await client.v1.payment_intents.create_async(params)
    assert refused.value.code == "payment_method_types_no_longer_supported"
    older = make_client(stripe_version="2026-05-27.dahlia")
    intent = await older.v1.payment_intents.create_async(params)
    assert intent.payment_method_types == ["card"]


async def test_accounts_are_worlds_apart(client: stripe.StripeClient) -> None:
    there: Any = {"stripe_account": "acct_operator"}
    customer = await client.v1.customers.create_async({}, there)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await client.v1.customers.retrieve_async(customer.id)
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    assert (await client.v1.customers.retrieve_async(customer.id, None, there)).id == customer.id
    (event,) = (await client.v1.events.list_async(None, there)).data
    assert event.account == "acct_operator"


async def test_an_unknown_path_is_not_found(simulator: Simulator) -> None:
    async with simulator.http.get("/v1/unicorns") as answer:
        assert answer.status == 404
        assert "Unrecognized request URL" in (await answer.json())["error"]["message"]


async def test_lists_are_paged_newest_first(client: stripe.StripeClient) -> None:
    made = [(await client.v1.customers.create_async({"name": str(n)})).id for n in range(5)]
    page = await client.v1.customers.list_async({"limit": 2})
    assert ([each.id for each in page.data], page.has_more) == (made[:-3:-1], True)
    everyone = [each.id async for each in page.auto_paging_iter()]
    assert everyone == made[::-1]
    back = await client.v1.customers.list_async({"limit": 2, "ending_before": made[1]})
    assert [each.id for each in back.data] == [made[3], made[2]]
    with pytest.raises(stripe.InvalidRequestError):
        await client.v1.customers.list_async({"limit": 101})


async def test_events_are_listed_by_one_group_or_by_names(client: stripe.StripeClient) -> None:
    """A wildcard is for ``type`` alone, and 20 names are the most (docs.stripe.com/api/events)."""
    customer = await client.v1.customers.create_async({})
    await client.v1.customers.update_async(customer.id, {"name": "Ada"})
    await client.v1.customers.delete_async(customer.id)

    async def listed(**asked: Any) -> list[str]:
        params: Any = asked
        return [event.type for event in (await client.v1.events.list_async(params)).data]

    born, changed, gone = "customer.created", "customer.updated", "customer.deleted"
    assert await listed(type="customer.*") == [gone, changed, born]
    assert await listed(types=[born, gone]) == [gone, born]
    assert await listed(types=["customer.*"]) == []
    for refused in ({"type": born, "types": [gone]}, {"types": [born] * 21}):
        with pytest.raises(stripe.InvalidRequestError):
            await listed(**refused)


async def test_only_what_can_be_expanded_is_expanded(client: stripe.StripeClient) -> None:
    customer = await client.v1.customers.create_async({})
    intent = await client.v1.payment_intents.create_async(
        {"amount": 100, "currency": "eur", "customer": customer.id, "expand": ["customer"]}
    )
    found: Any = intent.customer
    assert found.id == customer.id
    listed = await client.v1.payment_intents.list_async({"expand": ["data.customer"]})
    found = listed.data[0].customer
    assert found.id == customer.id
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        await client.v1.payment_intents.retrieve_async(intent.id, {"expand": ["amount"]})


async def test_a_customer_lives_changes_and_leaves(client: stripe.StripeClient) -> None:
    customer = await client.v1.customers.create_async(
        {"email": "a@example.com", "metadata": {"a": "1", "b": "2"}}
    )
    await client.v1.payment_methods.attach_async("pm_card_visa", {"customer": customer.id})
    changed = await client.v1.customers.update_async(
        customer.id, {"name": "Ada", "metadata": {"a": "", "c": "3"}}
    )
    assert (changed.name, changed.metadata.to_dict()) == ("Ada", {"b": "2", "c": "3"})
    kept = await client.v1.payment_methods.list_async({"customer": customer.id, "type": "card"})
    assert len(kept.data) == 1
    await client.v1.customers.delete_async(customer.id)
    gone = await client.v1.customers.retrieve_async(customer.id)
    assert gone.deleted
    method = await client.v1.payment_methods.retrieve_async(kept.data[0].id)
    assert method.customer is None
    with pytest.raises(stripe.InvalidRequestError):
        await client.v1.payment_methods.attach_async(method.id, {"customer": customer.id})


async def test_a_payment_method_used_once_without_customer_is_spent(
    client: stripe.StripeClient,
) -> None:
    method = await client.v1.payment_methods.create_async(
        {"type": "card", "card": {"token": "tok_visa"}}
    )
    pay: Any = {
        "amount": 100,
        "currency": "eur",
        "payment_method": method.id,
        "confirm": True,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    }
    assert (await client.v1.payment_intents.create_async(pay)).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        await client.v1.payment_intents.create_async(pay)


async def test_a_payment_method_of_another_customer_is_refused(
    client: stripe.StripeClient,
) -> None:
    owner = await client.v1.customers.create_async({"payment_method": "pm_card_visa"})
    other = await client.v1.customers.create_async({})
    (method,) = (await client.v1.payment_methods.list_async({"customer": owner.id})).data
    with pytest.raises(stripe.InvalidRequestError, match="must be attached"):
        await client.v1.payment_intents.create_async(
            {
                "amount": 100,
                "currency": "eur",
                "customer": other.id,
                "payment_method": method.id,
                "confirm": True,
                "allowed_payment_method_types": ["card"],
            }
        )


async def test_longer_holds_may_be_requested_and_are_unavailable(
    client: stripe.StripeClient,
) -> None:
    wish = {"request_extended_authorization": "if_available"}
    intent = await client.v1.payment_intents.create_async(
        {
            "amount": 100,
            "currency": "eur",
            "payment_method": "pm_card_visa",
            "payment_method_options": {"card": wish},
            "allowed_payment_method_types": ["card"],
            "capture_method": "manual",
            "confirm": True,
            "expand": ["latest_charge"],
        }
    )
    assert intent.payment_method_options.card.request_extended_authorization == "if_available"
    card = intent.latest_charge.payment_method_details.card
    assert card.extended_authorization.status == "disabled"


async def test_a_key_tells_whose_it_is(client: stripe.StripeClient) -> None:
    account = await client.v1.accounts.retrieve_current_async()
    assert account.charges_enabled


async def test_a_refused_card_does_not_attach(client: stripe.StripeClient) -> None:
    customer = await client.v1.customers.create_async({})
    with pytest.raises(stripe.CardError) as refused:
        await client.v1.payment_methods.attach_async(
            "pm_card_visa_chargeDeclined", {"customer": customer.id}
        )
    assert refused.value.error.decline_code == "generic_decline"
    await client.v1.payment_methods.attach_async(
        "pm_card_chargeCustomerFail", {"customer": customer.id}
    )


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"expires_at": 1}, "expires_at"),
        ({"line_items": []}, "line_items"),
        ({"mode": "setup"}, "line_items"),
        ({"customer": "cus_1"}, "customer_creation"),
        ({"mode": "subscription"}, "mode"),
        ({"success_url": "/back"}, "success_url"),
        ({"payment_intent_data": {"on_behalf_of": "acct_1"}}, "payment_intent_data[on_behalf_of]"),
    ],
)
async def test_wrong_sessions_are_refused(
    client: stripe.StripeClient, more: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await checkout(client, **more)
    assert refused.value.param == param


async def test_a_session_below_the_least_amount_is_refused(client: stripe.StripeClient) -> None:
    price = {"currency": "eur", "unit_amount": 49, "product_data": {"name": "x"}}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await checkout(client, line_items=[{"price_data": price, "quantity": 1}])
    assert refused.value.code == "amount_too_small"
