-- Takes the titles out that no order of a seller has.
--
-- KEYS  1 {orders_by_seller:<npub>}:titles   2 {orders_by_seller:<npub>}:find
-- ARGV  1.. words of titles
-- Returns how many were taken out

local gone = 0
for _, word in ipairs(ARGV) do
  if string.sub(word, 1, 1) ~= 't' or redis.call('ZLEXCOUNT', KEYS[2], '[' .. word .. ' ', '(' .. word .. '!') == 0 then
    gone = gone + redis.call('HDEL', KEYS[1], word)
  end
end
return gone
