package redisstore

import "strings"

// aclKeys are patterns of the names in keys.go.
var aclKeys = []string{
	orderPrefix + "*", "{" + orderPrefix + "*}:boxes", indexKey, disputedKey, cursorKey,
	statusPrefix + "*",
	buyerPrefix + "npub1*", "{" + buyerPrefix + "npub1*}:*",
	sellerPrefix + "npub1*", "{" + sellerPrefix + "npub1*}:*",
}

// aclCommands are the commands that this package sends, and those that its
// scripts call, which Redis holds to the same rule. HELLO and AUTH need no
// permission. CONFIG is not among them: Inspect does without its answer.
var aclCommands = []string{
	"ping", "info", "select", "client|setname", "client|list", // connecting and checking
	"evalsha", "eval", "script|load",
	"multi", "exec",
	"hget", "hmget", "hgetall", "hkeys", "hlen", "hexists", "hset", "hdel", "hincrby",
	"zadd", "zrem", "zcard", "zcount", "zscore", "zmscore", "zlexcount", "zrange", "zrevrange", "zrangebyscore", "zrevrangebyscore",
	"del", "type",
	"scan", "zscan", // rebuild and prune
}

// ACLRule is the Redis command that makes a user (a name without spaces) who may
// do what Waybill does and nothing else: the commands it sends, on its own keys.
// It is for redis-cli, or without its first two words for a line "user …" of an
// aclfile. Where it says YOUR PASSWORD a password has to be put; left as it is,
// Redis refuses the line.
//
// What such a user learns of other applications in the same database is the
// names of their keys, by SCAN, their number and size, by INFO, and by CLIENT LIST
// who is connected from where and with which command, without its arguments. A
// database number is no border: the rule holds in all of them.
func ACLRule(user string) string {
	rule := "ACL SETUSER " + user + " reset on >YOUR PASSWORD"
	for _, key := range aclKeys {
		rule += " ~" + key
	}
	return rule + " -@all +" + strings.Join(aclCommands, " +")
}
