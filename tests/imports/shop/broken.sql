-- Every promise is broken, by a number of rows that can be counted by eye.
INSERT INTO raw.raw_customers VALUES
  (1, 'ann at shop', 'A', 'XX', false, 1.0, NULL, 13, 'gold', '2024-01-01'),
  (1, 'bob@shop', ' ', 'ZZ', true, 4.0, '+33', 13, 'grey', '2023-12-31'),
  (NULL, 'cid@shop.org', 'Somebody with a name of more than 21', 'XXX', true, 4.5, NULL, 10, 'gone', '2024-01-03');
INSERT INTO raw.raw_orders VALUES
  (1, 1, 'R1', 1, 'lost', 'lost', 'fax', '2024-01-05', '2024-01-01', -1, 5, 0, 0.4, 'a1'),
  (1, 1, 'R1', 1, 'lost', 'lost', 'fax', '2024-01-05', '2024-01-05', 1000.01, 10, 99, 2.6, 'B22'),
  (2, 1, 'R1', 8, 'gone', 'gone', 'phone', '2024-01-06', '2024-01-05', 2000, 1, 3, 1, 'C3'),
  (2, 1, NULL, 9, 'placed', 'placed', 'web', '2024-01-07', '2024-01-08', 10, 20, 5, 0.1, 'D4'),
  (NULL, 1, 'R5', 1, 'placed', 'placed', 'web', '2024-01-08', '2024-01-08', 10, 1, 2, 0.5, 'E5'),
  (5, 1, 'R66666', 1, 'placed', 'placed', 'web', '2024-01-09', '2024-01-09', 10, 1, 2, 0.5, 'F6');
INSERT INTO raw.raw_payments VALUES
  (1, 'P1', 7, 'cash', 0, 0, 1, 'ok', now() - interval '30 days'),
  (1, 'P1', 1, 'cash', 6, 100, 2, '', now() - interval '31 days'),
  (2, NULL, 1, 'bean', 3, -5, 3, '  ', now() - interval '40 days'),
  (3, 'P33', 1, 'card', 3, 5, 4, 'x', now() - interval '40 days');
INSERT INTO raw.raw_entries VALUES (1, 10, 5), (1, 10, -1), (NULL, NULL, -2);
INSERT INTO raw.raw_accounts VALUES (1);
ALTER TABLE raw.raw_accounts ALTER COLUMN account TYPE text;
