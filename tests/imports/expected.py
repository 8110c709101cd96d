"""What dbt, Great Expectations and Soda find in the four shops, counted by hand, and the check that finds it with us.

A case names one test of another tool and the check that it became. In the shop `kept` all of them hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.imports.taken_over import SHOPS

BROKEN = -1
"""Broken, in a unit that the two do not share."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """How many rows break a promise in each shop: `found` for us, `told` for the tool (None: it tells a verdict only).

    `why` says why the two counts differ, and is empty where they do not.
    """

    test: str
    check: str
    found: Mapping[str, int]
    told: Mapping[str, int | None]
    warns: bool = False
    why: str = ""


def rows(test: str, check: str, broken: int, nulls: int = 0, empty: int = 0, *, warns: bool = False) -> Case:
    """Both count the same."""
    found = dict(zip(SHOPS, (0, broken, nulls, empty), strict=True))
    return Case(test=test, check=check, found=found, told=found, warns=warns)


def counts(test: str, check: str, told: int, found: int, why: str, *, warns: bool = False) -> Case:
    """Both find the same rows and count other things; where nothing is wrong that is 0 for both."""
    here = dict(zip(SHOPS, (0, found, 0, 0), strict=True))
    there = {**here, "broken": told}
    return Case(test=test, check=check, found=here, told=there, warns=warns, why=why)


def verdict(test: str, check: str, broken: bool = True, nulls: bool = False, empty: bool = False) -> Case:
    """One of the two tells no rows: a limit of the table, a share, a shape."""
    found = {shop: BROKEN if is_broken else 0 for shop, is_broken in zip(SHOPS, (0, broken, nulls, empty), strict=True)}
    return Case(test=test, check=check, found=found, told=dict.fromkeys(SHOPS))


VALUES = "dbt counts the distinct values, we the rows that hold them"
KEYS = "Great Expectations counts the rows of a repeated key, we the keys"
UTILS, EXPECTATIONS = "dbt_utils", "dbt_expectations.expect"
DBT = (
    rows("customers.customer_id unique", "customers.customer_id.unique", 1),
    rows("customers.customer_id not_null", "customers.customer_id.not-null", 1, 3),
    rows(f"customers.email {EXPECTATIONS}_column_values_to_match_regex", "customers.email-must-match-a-z", 2, 4),
    rows(f"customers.name {UTILS}.not_empty_string", "customers.name-must-not-be-empty", 1),
    rows(f"customers.name {EXPECTATIONS}_column_value_lengths_to_be_between", "customers.name-char-length-name-2-and-char-length-name-21", 3),
    rows(f"customers.country {UTILS}.not_accepted_values", "customers.country-must-be-none-of-xx-zz", 2),
    rows("customers.vip accepted_values", "customers.vip-must-be-one-of-true", 1),
    rows("customers.tier accepted_values", "customers.tier-must-be-one-of-1-2-3", 2),
    verdict(f"customers.phone {UTILS}.not_null_proportion", "customers.phone.null-values", nulls=True),
    counts(f"customers.points {UTILS}.not_accepted_values", "customers.points-must-be-none-of-13-14", 1, 2, VALUES),
    rows(f"customers.points {EXPECTATIONS}_column_values_to_be_in_set", "customers.points-must-be-one-of-10-20", 2, 4),
    rows(f"customers.points {EXPECTATIONS}_column_values_to_not_be_in_set", "customers.points-must-be-none-of-13", 2),
    rows(f"customers.joined {UTILS}.accepted_range", "customers.joined-joined-2024-01-01", 1),
    verdict(f"customers {EXPECTATIONS}_table_row_count_to_be_between", "customers.row-count", empty=True),
    rows(f"orders {UTILS}.unique_combination_of_columns", "orders.order-id-line-must-be-unique", 2, 2),
    rows(f"orders {UTILS}.expression_is_true", "orders.amount-discount", 2),
    rows(f"orders {EXPECTATIONS}_compound_columns_to_be_unique", "orders.customer-id-ordered-on-must-be-unique", 1, 1),
    verdict(f"orders {EXPECTATIONS}_table_row_count_to_be_between", "orders.row-count-error-between", empty=True),
    verdict(f"orders {EXPECTATIONS}_table_row_count_to_equal", "orders.row-count-error-eq", empty=True),
    rows("orders.order_id not_null", "orders.order_id.not-null", 1, 2),
    rows(f"orders.receipt {EXPECTATIONS}_column_values_to_be_unique", "orders.receipt.unique", 1),
    rows(f"orders.receipt {EXPECTATIONS}_column_values_to_not_be_null", "orders.receipt.not-null", 1, 4),
    rows("orders.customer_id relationships", "orders.customer-id-must-exist-in-customers-customer-id", 2),
    counts("orders.status accepted_values", "orders.status.invalid-values", 2, 3, VALUES),
    rows(f"orders.previous_status {EXPECTATIONS}_column_values_to_be_in_set", "orders.previous-status-must-be-one-of-placed-shipped-completed", 3, 4),
    rows(f"orders.channel {EXPECTATIONS}_column_values_to_not_be_in_set", "orders.channel-must-be-none-of-fax-phone", 3),
    rows(f"orders.shipped_on {UTILS}.accepted_range", "orders.shipped-on-shipped-on-ordered-on", 2),
    rows(f"orders.amount {UTILS}.accepted_range", "orders.amount-amount-0-and-amount-1000", 3),
    rows(f"orders.discount {EXPECTATIONS}_column_values_to_be_between", "orders.discount-discount-10-5", 1),
    rows(f"orders.quantity {UTILS}.expression_is_true", "orders.quantity-2-0", 3),
    rows(f"orders.quantity {EXPECTATIONS}_column_values_to_be_between", "orders.quantity-quantity-1-and-quantity-99", 2),
    verdict(f"payments_received {EXPECTATIONS}_table_row_count_to_be_between", "payments_received.row-count"),
    rows("payments_received.payment_id unique", "payments_received.payment_id.duplicate-values", 1, warns=True),
    rows("payments_received.payment_id not_null", "payments_received.payment_id.null-values", 0, 2, warns=True),
    rows("payments_received.reference not_null", "payments_received.reference.not-null", 1, 3),
    rows("payments_received.reference unique", "payments_received.reference.unique", 1),
    counts("payments_received.method accepted_values", "payments_received.method.invalid-values", 2, 3, VALUES, warns=True),
    rows("payments_received.rating accepted_values", "payments_received.rating-must-be-one-of-1-3-5", 2),
    rows(f"payments_received.paid {UTILS}.accepted_range", "payments_received.paid-paid-0-and-paid-100", 3),
    rows("raw_payments.payment_id unique", "raw_payments.payment_id.unique", 1),
    rows("raw_payments.order_id relationships", "raw_payments.order-id-must-exist-in-raw-orders-order-id", 1),
    verdict("raw_payments freshness", "raw_payments.loaded_at.freshness", empty=True),
    verdict("ledger_key is built", "ledger_key.primary-key", nulls=True),
    verdict("ledger_filled is built", "ledger_filled.entry.not-null", nulls=True),
    verdict("ledger_single is built", "ledger_single.entry.unique"),
    verdict("ledger_checked is built", "ledger_checked.ledger-checked-booked-0"),
    verdict("ledger_typed is built", "ledger_typed.account.column-type"),
)  # fmt: skip
GX = (
    rows("gx_customers.customer_id values_to_not_be_null", "gx_customers.customer_id.null-values", 1, 3),
    counts("gx_customers.customer_id values_to_be_unique", "gx_customers.customer_id.duplicate-values", 2, 1, KEYS),
    rows("gx_customers.email values_to_match_regex", "gx_customers.email-must-match-a-z", 2),
    rows("gx_customers.email values_to_not_match_regex", "gx_customers.email-must-not-match", 1),
    rows("gx_customers.name value_lengths_to_be_between", "gx_customers.name-must-keep-char-length-name-2-and-char-length-name-21", 3),
    rows("gx_customers.country value_lengths_to_equal", "gx_customers.country-must-have-2-characters", 1),
    rows("gx_customers.country values_to_not_be_in_set", "gx_customers.country-must-be-none-of-xx-zz", 2),
    rows("gx_customers.vip values_to_be_in_set", "gx_customers.vip-must-be-one-of-true", 1),
    verdict("gx_customers.tier values_to_be_in_set", "gx_customers.tier-must-be-one-of-1-2-3"),
    verdict("gx_customers.phone values_to_not_be_null", "gx_customers.phone.null-values", nulls=True),
    verdict("gx_customers.phone values_to_match_regex", "gx_customers.phone-must-match-4"),
    rows("gx_customers.Joined values_to_be_between", "gx_customers.joined-must-keep-joined-2024-01-01", 1),
    verdict("gx_customers table_row_count_to_be_between", "gx_customers.row-count", empty=True),
    verdict("gx_customers table_columns_to_match_set", "gx_customers.extra-columns"),
    verdict("gx_customers.badge unique_value_count_to_be_between", "gx_customers.count-distinct-badge-must-keep-v-1-and-v-2", nulls=True, empty=True),
    verdict("gx_customers.badge to_exist", "gx_customers.schema", False),
    verdict("gx_customers.badge values_to_not_be_in_set", "gx_customers.badge-must-be-none-of-grey-gone"),
    counts("gx_orders compound_columns_to_be_unique", "gx_orders.duplicate-values", 4, 2, KEYS),
    rows("gx_orders.status values_to_be_in_set", "gx_orders.status-must-be-one-of-placed-shipped-completed-returned", 3, warns=True),
    rows("gx_orders.amount values_to_be_between", "gx_orders.amount-must-keep-amount-0-and-amount-1000", 3),
    rows("gx_orders.quantity values_to_be_between", "gx_orders.quantity-must-keep-quantity-1-and-quantity-99", 2),
    verdict("gx_orders.code values_to_match_regex", "gx_orders.code-must-match-a-z-0-9"),
    verdict("gx_orders.weight min_to_be_between", "gx_orders.min-weight-must-keep-v-0-5-and-v-1", nulls=True, empty=True),
    verdict("gx_orders.weight max_to_be_between", "gx_orders.max-weight-must-keep-v-1-and-v-2-5", nulls=True, empty=True),
    verdict("gx_orders.quantity mean_to_be_between", "gx_orders.avg-quantity-must-keep-v-20-and-v-30", nulls=True, empty=True),
    verdict("gx_orders.discount sum_to_be_between", "gx_orders.sum-discount-must-keep-v-20-and-v-30", nulls=True, empty=True),
    verdict("gx_orders table_row_count_to_equal", "gx_orders.row-count", empty=True),
    rows("gx_orders.receipt value_lengths_to_be_between", "gx_orders.receipt-must-keep-char-length-receipt-2-and-char-length-rece", 1),
    verdict("gx_orders table_columns_to_match_set", "gx_orders.schema"),
    verdict("gx_orders.channel to_exist", "gx_orders.schema"),
    rows("gx_payments.comment values_to_be_null", "gx_payments.comment-must-be-null", 4),
    counts("gx_payments.reference values_to_be_unique", "gx_payments.reference.duplicate-values", 2, 1, KEYS),
    rows("gx_payments.method values_to_be_in_set", "gx_payments.method-must-be-one-of-coupon-card", 3),
    verdict("gx_payments.paid values_to_be_between", "gx_payments.paid-must-keep-paid-0-and-paid-100"),
    rows("gx_payments.reference value_lengths_to_equal", "gx_payments.reference-must-have-2-characters", 1),
    verdict("gx_payments table_row_count_to_be_between", "gx_payments.row-count", empty=True),
    verdict("gx_payments.fee max_to_be_between", "gx_payments.max-fee-must-keep-v-0-3", nulls=True, empty=True),
)  # fmt: skip
SODA = (
    verdict("soda_orders row_count between 3 and 5", "soda_orders.row-count", empty=True),
    rows("soda_orders missing_count(order_id) = 0", "soda_orders.order_id.null-values", 1, 2),
    verdict("soda_orders missing_percent(receipt) < 10", "soda_orders.receipt.null-values", nulls=True),
    rows("soda_orders receipts are unique", "soda_orders.receipt.duplicate-values", 1),
    verdict("soda_orders duplicate_percent(quantity) < 10", "soda_orders.quantity.duplicate-values"),
    rows("soda_orders duplicate_count(order_id, line) = 0", "soda_orders.duplicate-values", 2),
    rows("soda_orders invalid_count(status) = 0", "soda_orders.status.invalid-values", 3),
    verdict("soda_orders invalid_percent(code) < 5%", "soda_orders.code.invalid-values"),
    rows("soda_orders missing_count(channel) = 0", "soda_orders.channel.missing-values", 1, 4),
    verdict("soda_orders no negative amounts", "soda_orders.failed-rows-name-no-negative-amounts-fail-condition-amount"),
    verdict("soda_payments freshness(loaded_at) < 2d", "soda_payments.loaded_at.freshness", empty=True),
    verdict("soda_payments row_count != 4", "soda_payments.row-count"),
    verdict("soda_payments Schema Check", "soda_payments.schema"),
)  # fmt: skip
UNDECIDED = ("soda_orders avg(quantity) between 20 and 30", "soda_orders.avg-quantity-between-20-and-30")
"""Soda gives no outcome for the average of nothing, and neither do we."""
