-- Moves the tracker's cursor, if it still stands where the tracker believes.
--
-- KEYS  1 orders_cursor
-- ARGV  1 ledger  2 seq it stands at ('' '' = there is none)   3 ledger  4 seq to move to
-- Returns 1 moved, or there already (a retry whose first reply was lost); 0 it
--       stands elsewhere: this Redis was replaced, emptied or rolled back

local at = redis.call('HMGET', KEYS[1], 'ledger', 'seq')
local ledger, seq = at[1] or '', at[2] or ''
if ledger == ARGV[3] and seq == ARGV[4] then return 1 end
if ledger ~= ARGV[1] or seq ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'ledger', ARGV[3], 'seq', ARGV[4])
return 1
