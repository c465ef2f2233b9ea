-- Takes a ledger's claim away.
--
-- KEYS  1 orders_claim
-- ARGV  1 ledger
-- Returns 1 taken away, 0 there is none, or another's

if redis.call('HGET', KEYS[1], 'ledger') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
