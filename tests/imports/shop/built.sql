-- What stands over the raw tables: the models as dbt builds them, and the same rows for Great Expectations.
CREATE VIEW customers AS SELECT * FROM raw.raw_customers;
CREATE VIEW orders AS SELECT * FROM raw.raw_orders;
CREATE VIEW payments_received AS SELECT * FROM raw.raw_payments;
CREATE TABLE ledger_key AS SELECT * FROM raw.raw_entries;
CREATE TABLE ledger_filled AS SELECT * FROM raw.raw_entries;
CREATE TABLE ledger_single AS SELECT * FROM raw.raw_entries;
CREATE TABLE ledger_checked AS SELECT * FROM raw.raw_entries;
CREATE TABLE gx_customers AS SELECT * FROM raw.raw_customers;
CREATE TABLE gx_orders AS SELECT * FROM raw.raw_orders;
CREATE TABLE gx_payments AS SELECT * FROM raw.raw_payments;
CREATE TABLE ledger_typed AS SELECT * FROM raw.raw_accounts;
CREATE TABLE soda_orders AS SELECT * FROM raw.raw_orders;
CREATE TABLE soda_payments AS SELECT * FROM raw.raw_payments;
