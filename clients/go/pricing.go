package paraclecache

// Price is US dollars for a million tokens.
type Price struct {
	InputPerMillion  float64
	OutputPerMillion float64
}

// PriceTable maps models, whose names are compared exactly, to prices. Its Cost is what [WithCost] takes:
//
//	paraclecache.WithCost(paraclecache.PriceTable{"gpt-4o": {2.5, 10}}.Cost)
type PriceTable map[string]Price

// Cost returns US dollars; 0 for a model that is not in the table. All prompt tokens cost the same: write a function
// where cached ones do not.
func (t PriceTable) Cost(model string, usage Usage) float64 {
	price := t[model]
	prompt := float64(usage.PromptTokens) * price.InputPerMillion
	return (prompt + float64(usage.CompletionTokens)*price.OutputPerMillion) / 1e6
}
