package domain

import "context"

// StoryBy is Story with pages of another size.
func (r *Reader) StoryBy(ctx context.Context, subjects []Current, v View, size int) (Story, error) {
	return r.story(ctx, subjects, v, size)
}
