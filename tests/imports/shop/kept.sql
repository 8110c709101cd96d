-- Every promise is kept, some just so.
INSERT INTO raw.raw_customers VALUES
  (1, 'ann@shop.com', 'Ann', 'DE', true, 1.0, '+49', 10, 'gold', '2024-01-01'),
  (2, 'bob@shop.com', 'Bo', 'FR', true, 2.0, '+33', 20, 'gold', '2024-01-02'),
  (3, 'cid@shop.org', 'Cid Twenty Characters', 'DE', true, 3.0, '+44', 10, 'blue', '2024-01-03'),
  (4, 'dan@shop.org', 'Dan', 'IT', true, 1.0, NULL, 20, 'blue', '2024-01-04');
INSERT INTO raw.raw_orders VALUES
  (1, 1, 'R1', 1, 'placed', 'placed', 'web', '2024-01-01', '2024-01-01', 0, 0, 2, 0.5, 'A1'),
  (1, 2, 'R2', 1, 'shipped', 'placed', 'shop', '2024-01-02', '2024-01-03', 1000, 10, 98, 2.5, 'B2'),
  (2, 1, 'R3', 2, 'completed', 'shipped', 'web', '2024-01-01', '2024-01-02', 10.5, 10.5, 4, 1, 'C3'),
  (2, 2, 'R4', 4, 'returned', 'completed', 'web', '2024-01-04', '2024-01-09', 20, 5, 6, 2, 'D4');
INSERT INTO raw.raw_payments VALUES
  (1, 'P1', 1, 'coupon', 1, 0.01, 0.1, NULL, now()),
  (2, 'P2', 1, 'card', 3, 10, 0.2, NULL, now()),
  (3, 'P3', 2, 'card', 5, 99.99, 0.3, NULL, now() - interval '1 hour');
INSERT INTO raw.raw_entries VALUES (1, 10, 5), (2, 11, 0), (3, 12, 7.5);
INSERT INTO raw.raw_accounts VALUES (1);
