-- NULL wherever it can stand: what each tool makes of it is where translations go wrong.
INSERT INTO raw.raw_customers (customer_id) VALUES (1), (NULL), (NULL), (NULL);
INSERT INTO raw.raw_orders (order_id, line, customer_id) VALUES
  (1, NULL, 1), (1, NULL, 1), (NULL, NULL, NULL), (NULL, NULL, NULL);
INSERT INTO raw.raw_payments (payment_id, loaded_at) VALUES (1, NULL), (NULL, now()), (NULL, NULL);
INSERT INTO raw.raw_entries VALUES (NULL, NULL, NULL), (NULL, NULL, NULL);
INSERT INTO raw.raw_accounts VALUES (NULL);
