package paraclecache

import "time"

// Outcome is what became of a lookup: [*Hit] or [*Miss]; from [Client.GetOrWait] also [*Lease] or [*Pending]; from
// [Client.BatchGet] also [*TooLarge].
type Outcome interface{ outcome() }

// Hit is a stored answer. It is the caller's own: nobody else has its Payload.
type Hit struct {
	Payload     []byte // Byte for byte as it was stored.
	ContentType string // As its Set said; empty when it said nothing.
	Origin      Origin // What the original call cost.
	CreateTime  time.Time
	ExpireTime  time.Time // When it stops being served.
	HitCount    int64     // Hits in this server since it was stored or loaded, this one included.
	Tier        Tier      // Who answered.
	Degraded    bool      // The shared tier could not be asked: an invalidation made elsewhere may not be known yet.
}

// Miss says that there is no answer.
type Miss struct {
	FillToken []byte // For the Set that stores the answer. Opaque.
}

// Lease says that there is no answer and that the caller is the one to make the model call. It is ended by Set with
// its FillToken or by ReleaseLease.
type Lease struct {
	FillToken []byte        // For Set, RenewLease and ReleaseLease. Opaque.
	Hold      time.Duration // How long it holds from now. Renew it every third of this.
}

// Pending says that somebody else's answer is on its way.
type Pending struct {
	LeaseExpireTime time.Time     // When the present lease ends if it is not renewed.
	RetryAfter      time.Duration // Wait this long before asking again; 0: at once.
}

// TooLarge says that the answer is there but the batch was full. Fetch it with Get.
type TooLarge struct {
	PayloadBytes int64
}

func (*Hit) outcome()      {}
func (*Miss) outcome()     {}
func (*Lease) outcome()    {}
func (*Pending) outcome()  {}
func (*TooLarge) outcome() {}

// Origin is what the original model call cost. What is not known is 0, never guessed: the ledger reports savings that
// are made of these and of nothing else.
type Origin struct {
	PromptTokens     int64
	CompletionTokens int64
	CostUSD          float64       // US dollars that one hit saves.
	Latency          time.Duration // How long the model took.
}

// Tier says where an answer is kept.
type Tier int

// The tiers.
const (
	TierUnknown Tier = iota
	TierMemory       // The memory of the server that answered.
	TierShared       // The Redis or Valkey that all servers share.
)

func (t Tier) String() string {
	switch t {
	case TierMemory:
		return "memory"
	case TierShared:
		return "shared"
	}
	return "unknown"
}

// Entry is what Set stores.
type Entry struct {
	Payload     []byte        // May be empty. At most Limits.MaxEntryBytes.
	ContentType string        // Media type, given back on a hit. At most 128 bytes.
	TTL         time.Duration // 0: the client's, else the server's default. Cut to the server's maximum.
	Tags        []string      // Labels to invalidate by. At most 16, each 1 to 128 bytes, no two alike.
	FillToken   []byte        // From the Miss or Lease that this answers. Empty: the fill counts as begun on arrival.
	Origin      Origin
}

// Stored says what became of a Set.
type Stored struct {
	ExpireTime time.Time // When the entry stops being served. Zero when it was accepted but not kept.
	Tiers      []Tier    // Which tiers acknowledged it.
}

// BatchEntry is one entry of a BatchSet.
type BatchEntry struct {
	Question Question
	Entry    Entry
}

// BatchGetResult is what became of one question of a BatchGet: exactly one member is set.
type BatchGetResult struct {
	Outcome Outcome
	Err     error
}

// BatchSetResult is what became of one entry of a BatchSet: exactly one member is set.
type BatchSetResult struct {
	Stored *Stored
	Err    error
}

// Invalidation says what to forget: exactly one of Question, Tag, Model and Everything.
type Invalidation struct {
	Question   Question // One question.
	Tag        string   // What was stored with this tag.
	Model      string   // What was stored for this model.
	Everything bool     // The whole namespace.
	DryRun     bool     // Only count what would go.
}

// Removed says how many entries went, or would go.
type Removed struct {
	Count     int64
	Estimated bool
}
