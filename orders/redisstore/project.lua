-- Writes the whole projection of one order, or takes it away. What the order
-- was before is read from its own stored scalars, so the sets it leaves need not
-- be known to the caller.
--
-- KEYS  1 orders:<id>   2 {orders:<id>}:boxes   3 orders_index   4 orders_cursor
--       The participants' and status keys follow from the scalars (names made
--       from the prefixes in front of this script), so it is for one Redis; on a
--       Cluster all keys would need one hash tag, or a projection per slot.
-- ARGV  1 mode
--   'write'   2 intentId  3 version  4 created (score, ms)  5 status
--             6 buyer (npub or '')  7 seller (npub or '')
--             8 revenue  9 spent (sats, '' = does not count)
--             10 updated (score, ms)  11 words (see words.go, separated by a space)
--             12 disputed ('1' where it is, or was)
--             13 data (JSON)  14 number of titles  15.. word of a title, title, …
--             then box reference, box JSON, …
--             applies where version is not below the stored one
--   'remove'  2 intentId  3 version
--             applies where version is the stored one, or ''
--   'forget'  2 intentId
--             sets the stored version to 0, so that the next write applies
--       last  in every mode: the ledger that this projects, or '' for any. Only
--             that ledger's may be the cursor, if there is one
-- Returns 1 applied, 0 not (stale, or nothing there to remove or forget)
-- Errors  OTHERLEDGER, WRONGTYPE, FOREIGN, BADSUMS: before anything is written, for Redis
--       does not roll back. Their text names a family of keys, never a key.
--
-- Sats are strings throughout: Lua's numbers are doubles. Versions are compared
-- as numbers and stay below 2^53.

local mode, id, ledger = ARGV[1], ARGV[2], table.remove(ARGV)
local now = {version = ARGV[3], status = '', buyer = '', seller = '', revenue = '', spent = '', words = '', disputed = ''}
local titles, boxes = {}, 0
if mode == 'write' then
  now.created, now.status, now.buyer, now.seller = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
  now.revenue, now.spent, now.updated, now.words = ARGV[8], ARGV[9], ARGV[10], ARGV[11]
  now.disputed, now.data = ARGV[12], ARGV[13]
  boxes = 15 + 2 * tonumber(ARGV[14])
  for i = 15, boxes - 1, 2 do titles[ARGV[i]] = ARGV[i + 1] end
end
local fields = {'version', 'status', 'buyer', 'seller', 'revenue', 'spent', 'words', 'disputed', 'updated', 'created', 'data'}
local stored_ = 8 -- of fields, what the sets of an order follow from
local was = {status = '', buyer = '', seller = '', revenue = '', spent = '', words = '', disputed = ''}

local function typeof(key) return redis.call('TYPE', key).ok end

local function wrong(key, want)
  local t = typeof(key)
  return t ~= 'none' and t ~= want
end

local function amount(s)
  return s == '0' or (string.find(s, '^[1-9]%d*$') and #s <= 16)
end

local function refuse(word, family) return redis.error_reply(word .. ' ' .. family) end

-- Check.

if ledger ~= '' then
  if wrong(KEYS[4], 'hash') then return refuse('WRONGTYPE', KEYS[4]) end
  local at = redis.call('HGET', KEYS[4], 'ledger')
  if at and at ~= ledger and at ~= BUILDING .. ledger then return refuse('OTHERLEDGER', KEYS[4]) end
end
if wrong(KEYS[1], 'hash') or wrong(KEYS[2], 'hash') then return refuse('WRONGTYPE', 'orders') end
if wrong(KEYS[3], 'zset') then return refuse('WRONGTYPE', KEYS[3]) end
local exists = typeof(KEYS[1]) == 'hash'
if exists then
  local stored = redis.call('HMGET', KEYS[1], unpack(fields, 1, stored_))
  if not (stored[1] and tonumber(stored[1])) then return refuse('FOREIGN', 'orders') end
  for i = 1, stored_ do was[fields[i]] = stored[i] or '' end
  for _, f in ipairs({'revenue', 'spent'}) do
    if not amount(was[f]) then was[f] = '' end -- damaged: Rebuild adds up without it
  end
end
if mode ~= 'write' and not exists then return 0 end
if mode == 'forget' then
  redis.call('HSET', KEYS[1], 'version', '0')
  return 1
end
if mode == 'remove' and now.version ~= '' and now.version ~= was.version then return 0 end
if mode == 'write' and exists and tonumber(now.version) < tonumber(was.version) then return 0 end

local sides = {
  {family = BUYER, npub = 'buyer', counts = 'spent'},
  {family = SELLER, npub = 'seller', counts = 'revenue'},
}

-- The sorted sets that an order with the scalars o stands in: key → {family, score}.
local function sets(o)
  local l = {}
  if o.status == '' then return l end
  l[KEYS[3]] = {KEYS[3], o.created}
  if o.disputed ~= '' then l['{' .. KEYS[3] .. '}:disputed'] = {KEYS[3], o.created} end
  l[STATUS .. o.status] = {STATUS, o.created}
  for _, side in ipairs(sides) do
    if o[side.npub] ~= '' then
      local base = side.family .. o[side.npub]
      l[base] = {side.family, o.created}
      l['{' .. base .. '}:' .. o.status] = {side.family, o.created}
      l['{' .. base .. '}:updated'] = {side.family, o.updated}
    end
  end
  if o.buyer ~= '' and o.seller ~= '' then
    l['{' .. BUYER .. o.buyer .. '}:' .. o.seller] = {BUYER, o.created}
  end
  return l
end

-- The set of words that an order with the scalars o is found by, of its seller:
-- beginning of the key → {family, its words there (member → the word)}. With the set
-- goes the hash of titles.
local function finds(o)
  local l = {}
  if o.status == '' then return l end
  local members = {['i' .. id] = 'i'}
  for word in string.gmatch(o.words, '%S+') do members[word .. ' ' .. id] = word end
  if o.seller ~= '' then l['{' .. SELLER .. o.seller .. '}:'] = {SELLER, members} end
  return l
end

-- The sums that an order with the scalars o adds to: key → {sats, family}.
local function sums(o)
  local l = {}
  for _, side in ipairs(sides) do
    if o[side.npub] ~= '' and o[side.counts] ~= '' then
      l['{' .. side.family .. o[side.npub] .. '}:sums'] = {o[side.counts], side.family}
    end
  end
  return l
end

local from, to, minus, plus = sets(was), sets(now), sums(was), sums(now)
local found, find = finds(was), finds(now)
for _, l in ipairs({from, to}) do
  for key, s in pairs(l) do
    if wrong(key, 'zset') then return refuse('WRONGTYPE', s[1]) end
  end
end
for _, l in ipairs({found, find}) do
  for base, s in pairs(l) do
    if wrong(base .. 'find', 'zset') or wrong(base .. 'titles', 'hash') then return refuse('WRONGTYPE', s[1]) end
  end
end
for _, l in ipairs({minus, plus}) do
  for key, s in pairs(l) do
    if wrong(key, 'hash') then return refuse('WRONGTYPE', s[2]) end
    for _, v in ipairs(redis.call('HMGET', key, 'btc', 'sats', 'count')) do
      if v and not (string.find(v, '^%-?%d+$') and #v < 18) then return refuse('BADSUMS', s[2]) end
    end
  end
end

-- Write. The first command may add memory, so that a full Redis refuses it and
-- with it everything (once a script has written, Redis lets it finish).

if mode == 'write' then
  local pairs_ = {}
  local ours = {}
  for _, f in ipairs(fields) do
    pairs_[#pairs_ + 1] = f
    pairs_[#pairs_ + 1] = now[f]
    ours[f] = true
  end
  redis.call('HSET', KEYS[1], unpack(pairs_))
  for _, f in ipairs(redis.call('HKEYS', KEYS[1])) do
    if not ours[f] then redis.call('HDEL', KEYS[1], f) end
  end
else
  redis.call('DEL', KEYS[1])
end

redis.call('DEL', KEYS[2])
if mode == 'write' then
  for i = boxes, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
end

for key in pairs(from) do
  if not to[key] then redis.call('ZREM', key, id) end
end
for key, s in pairs(to) do redis.call('ZADD', key, s[2], id) end

-- A title stands beside the words as long as an order has it.
for base, s in pairs(found) do
  local stay = find[base] and find[base][2] or {}
  for member, word in pairs(s[2]) do
    if not stay[member] then
      redis.call('ZREM', base .. 'find', member)
      if string.sub(word, 1, 1) == 't' and redis.call('ZLEXCOUNT', base .. 'find', '[' .. word .. ' ', '(' .. word .. '!') == 0 then
        redis.call('HDEL', base .. 'titles', word)
      end
    end
  end
end
for base, s in pairs(find) do
  for member in pairs(s[2]) do redis.call('ZADD', base .. 'find', 0, member) end
  for word, title in pairs(titles) do redis.call('HSET', base .. 'titles', word, title) end
end

local function incr(key, field, sign, n)
  if sign == '-' and n == '0' then return end
  redis.call('HINCRBY', key, field, sign .. n)
end

local function add(key, sign, sats)
  local btc, rest = string.sub(sats, 1, -9), string.gsub(string.sub(sats, -8), '^0+(%d)', '%1')
  if btc == '' then btc = '0' end
  incr(key, 'btc', sign, btc)
  incr(key, 'sats', sign, rest)
  incr(key, 'count', sign, '1')
end

for key, s in pairs(plus) do
  if not (minus[key] and minus[key][1] == s[1]) then add(key, '', s[1]) end
end
for key, s in pairs(minus) do
  if not (plus[key] and plus[key][1] == s[1]) then
    add(key, '-', s[1])
    if tonumber(redis.call('HGET', key, 'count')) <= 0 then redis.call('DEL', key) end
  end
end
return 1
