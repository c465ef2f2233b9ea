-- Sets one participant's sums, where they still are what they were when the
-- orders were added up. Whatever else stood there is gone then.
--
-- KEYS  1 {orders_by_buyer:<npub>}:sums or {orders_by_seller:<npub>}:sums
-- ARGV  1 btc  2 sats  3 count as they were ('' = no such field)
--       4 btc  5 sats  6 count as they shall be (count '0' = no key)
-- Returns 1 set, 0 something else wrote meanwhile

local is = redis.call('HMGET', KEYS[1], 'btc', 'sats', 'count')
for i = 1, 3 do
  if (is[i] or '') ~= ARGV[i] then return 0 end
end
redis.call('DEL', KEYS[1])
if ARGV[6] ~= '0' then
  redis.call('HSET', KEYS[1], 'btc', ARGV[4], 'sats', ARGV[5], 'count', ARGV[6])
end
return 1
