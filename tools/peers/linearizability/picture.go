package main

import (
	"fmt"
	"time"

	"github.com/anishathalye/porcupine"
)

const drawingTime = 10 * time.Second

// draw writes a page that shows how far an illegal history can be explained.
func draw(operations []porcupine.Operation, path string) error {
	checked := model.ToModel()
	_, found := porcupine.CheckOperationsVerbose(checked, operations, drawingTime)
	return porcupine.VisualizePath(checked, found, path)
}

func describe(op *operation, told *answer) string {
	asked := op.Kind
	if op.WriteID != "" {
		asked += " " + shortened(op.WriteID)
	}
	if op.ExpectedVersion != 0 || op.ETag != "" || op.Kind == putIfVersion {
		asked += fmt.Sprintf(" over %d %s", op.ExpectedVersion, shortened(op.ETag))
	}
	if op.ExpiresAt != 0 {
		asked += fmt.Sprintf(" until %d", op.ExpiresAt)
	}
	if told == nil {
		return fmt.Sprintf("%s → unknown [clock %d..%d]", asked, op.Clock[0], op.Clock[1])
	}
	result := told.Outcome
	if told.Version != 0 {
		result += " " + shortened(told.ETag)
	}
	if op.Kind == del && told.Outcome == succeeded {
		result += fmt.Sprintf(" deleted=%t", told.Deleted)
	}
	return fmt.Sprintf("%s → %s [clock %d..%d]", asked, result, op.Clock[0], op.Clock[1])
}

func (r row) describe() string {
	if !r.present() {
		return "absent"
	}
	return fmt.Sprintf("%s, before it %s, until %d",
		shortened(r.etag()), shortened(r.previousWriteID), r.expiresAt)
}

// shortened cuts a UUID, or an etag with one, to what tells it from others in a picture.
func shortened(id string) string {
	return id[:min(len(id), 12)]
}
