-- Says that a ledger's daemon is alive and writes here.
--
-- KEYS  1 orders_claim (hash: ledger, beat = how often this was said)
-- ARGV  1 ledger
--       2 ledger  3 beat of a claim to be taken over ('' '' = of none)
-- Returns {ledger, beat} as they are then: where that ledger is not ARGV 1, the
--       claim is another's

local at = redis.call('HMGET', KEYS[1], 'ledger', 'beat')
local ledger, beat = at[1], at[2]
if ledger and ledger ~= ARGV[1] and not (ledger == ARGV[2] and (beat or '') == ARGV[3]) then
  return {ledger, beat or ''}
end
redis.call('HSET', KEYS[1], 'ledger', ARGV[1])
return {ARGV[1], tostring(redis.call('HINCRBY', KEYS[1], 'beat', 1))}
