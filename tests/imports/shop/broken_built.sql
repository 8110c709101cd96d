-- Tables that have another shape than was promised.
ALTER TABLE gx_customers ADD COLUMN unexpected integer;
ALTER TABLE gx_orders DROP COLUMN channel;
ALTER TABLE soda_payments DROP COLUMN fee;
