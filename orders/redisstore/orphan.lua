-- Deletes the boxes of an order that is not there.
--
-- KEYS  1 {orders:<id>}:boxes   2 orders:<id>
-- Returns 1 deleted, 0 not

if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return 0 end
if redis.call('TYPE', KEYS[2]).ok == 'hash' and redis.call('HEXISTS', KEYS[2], 'version') == 1 then return 0 end
return redis.call('DEL', KEYS[1])
