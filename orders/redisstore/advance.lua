-- Moves the tracker's cursor, if it still stands where the tracker believes.
--
-- KEYS  1 orders_cursor
-- ARGV  1 ledger  2 seq it stands at ('' '' = there is none)   3 ledger  4 seq to move to
--       5 run of the server in which it was found there ('' = any)   6 format of the keys
-- Returns 1 moved, or there already (a retry whose first reply was lost); 0 it
--       stands elsewhere: this Redis was replaced, emptied or rolled back; or it was
--       started since: what was projected in its last run may not be in this one

local at = redis.call('HMGET', KEYS[1], 'ledger', 'seq')
local ledger, seq = at[1] or '', at[2] or ''
if ledger == ARGV[3] and seq == ARGV[4] then return 1 end
if ledger ~= ARGV[1] or seq ~= ARGV[2] then return 0 end
if ARGV[5] ~= '' then
  local info = redis.pcall('INFO', 'server')
  if type(info) ~= 'string' or not string.find(info, 'run_id:' .. ARGV[5], 1, true) then return 0 end
end
redis.call('HSET', KEYS[1], 'ledger', ARGV[3], 'seq', ARGV[4], 'format', ARGV[6])
return 1
