-- A shop's raw tables, empty. kept.sql, broken.sql and nulls.sql fill them; every column serves one promise or two.
CREATE SCHEMA raw;
CREATE TABLE raw.raw_customers (
  customer_id integer, email text, name text, country text, vip boolean, tier numeric(4, 1), phone text, points integer,
  badge text, "Joined" date
);
CREATE TABLE raw.raw_orders (
  order_id integer, line integer, receipt text, customer_id integer, status text, previous_status text, channel text,
  ordered_on date, shipped_on date, amount numeric(10, 2), discount numeric(10, 2), quantity integer, weight numeric,
  code text
);
CREATE TABLE raw.raw_payments (
  payment_id integer, reference text, order_id integer, method text, rating integer, paid numeric(10, 2), fee numeric,
  comment text, loaded_at timestamptz
);
CREATE TABLE raw.raw_entries (entry integer, account integer, booked numeric);
CREATE TABLE raw.raw_accounts (account integer);
