package store

import "giftline/domain"

// The rows, one struct per table, column by column as in migrations. Types of domain stand where a column holds one
// value; whatever holds several is turned into columns here, so that a new field of domain cannot become a column by
// accident.

type stateRow struct {
	Status    string
	Delivery  string
	Phase     domain.Phase
	Permanent bool
}

type attributesRow struct {
	CompanyID string
	Reference string
	Recipient string
	Metadata  string
}

type subjectRow struct {
	ID               int64 `gorm:"primaryKey"`
	Digest           digest
	Provider         domain.Provider
	Kind             domain.Kind
	SubjectID        string
	Source           string
	State            stateRow `gorm:"embedded"`
	StatusSince      *domain.Instant
	DeliverySince    *domain.Instant
	LastAt           domain.Instant
	JoinedAt         domain.Instant
	Attributes       attributesRow `gorm:"embedded"`
	StatusReported   string
	DeliveryReported string
	Places           blob
	Events           int64
	Illegal          int64
	MachineRevision  int
	MachineHash      string
}

// TableName is gorm's hook.
func (subjectRow) TableName() string { return "subjects" }

type eventRow struct {
	Subject     int64          `gorm:"primaryKey;autoIncrement:false"`
	At          domain.Instant `gorm:"primaryKey;autoIncrement:false"`
	Rank        int            `gorm:"primaryKey;autoIncrement:false"`
	FP          fingerprint    `gorm:"primaryKey;column:fp"`
	Type        string
	Region      domain.Region
	Target      string
	Previous    string
	AtText      string
	Quality     domain.TimeQuality
	Facts       domain.Facts
	GivenFlags  domain.Flags
	Attributes  attributesRow `gorm:"embedded"`
	Meaning     meaning
	Verdict     domain.Verdict
	Reason      domain.Reason
	Flags       domain.Flags
	State       stateRow `gorm:"embedded"`
	JoinedAt    domain.Instant
	Source      string
	ReceivedAt  domain.Instant
	LastAt      domain.Instant
	Late        bool
	Seen        int64
	DeliveryIDs jsonList[string] `gorm:"column:delivery_ids"`
	Body        int64
}

// TableName is gorm's hook.
func (eventRow) TableName() string { return "events" }

type bodyRow struct {
	ID     int64 `gorm:"primaryKey"`
	SHA256 blob  `gorm:"column:sha256"`
	Body   blob
}

// TableName is gorm's hook.
func (bodyRow) TableName() string { return "bodies" }

type changeRow struct {
	Seq        int64 `gorm:"primaryKey"`
	JoinedAt   domain.Instant
	Subject    int64
	FP         fingerprint `gorm:"column:fp"`
	Was        domain.Verdict
	Verdict    domain.Verdict
	Region     domain.Region
	WasFrom    string
	WasTo      string
	WasReason  domain.Reason
	BelievedAt domain.Instant
	Cause      blob
	Type       string
	Source     string
	RecordedAt domain.Instant
}

// TableName is gorm's hook.
func (changeRow) TableName() string { return "changes" }

type parkedRow struct {
	Seq        int64 `gorm:"primaryKey"`
	ID         string
	Key        blob
	Result     domain.Result
	Code       domain.ParkCode
	Detail     string
	Source     string
	Provider   domain.Provider
	DeliveryID string
	AttemptAt  domain.Instant
	ReceivedAt domain.Instant
	LastAt     domain.Instant
	Seen       int64
	Kind       domain.Kind
	SubjectID  string
	FP         blob `gorm:"column:fp"`
	Claims     jsonList[domain.Claims]
	SHA256     blob `gorm:"column:sha256"`
	Body       blob
	ClosedAt   *domain.Instant
}

// TableName is gorm's hook.
func (parkedRow) TableName() string { return "parked" }

type sourceRow struct {
	Source        string `gorm:"primaryKey"`
	Shard         int64  `gorm:"primaryKey;autoIncrement:false"`
	Received      int64
	Recorded      int64
	Duplicate     int64
	Conflict      int64
	Unresolved    int64
	Quarantined   int64
	Overflow      int64
	LastReceived  *domain.Instant
	Rejected      int64
	LastRejection *domain.Instant
	LastReason    string
}

// TableName is gorm's hook.
func (sourceRow) TableName() string { return "sources" }

type keyRow struct {
	Hash       keyHash `gorm:"primaryKey"`
	Name       string
	Made       domain.Instant `gorm:"column:created_at"` // not CreatedAt: gorm would fill it with seconds
	ID         string
	Scopes     jsonList[domain.Scope]
	Sources    *jsonList[string] // nil: all
	Personal   bool
	ExpiresAt  *domain.Instant
	RevokedAt  *domain.Instant
	LastUsedAt *domain.Instant
}

// TableName is gorm's hook.
func (keyRow) TableName() string { return "keys" }
