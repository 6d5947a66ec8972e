-- Who was faster has changed the number. Subject and class outlive the step that knows them.
UPDATE cases SET seq = $2, state = $3, reason = $4, step = $5, subject = COALESCE($6, subject), class = COALESCE($7, class),
  rejections = $8, last_ms = $9, held_until_ms = $10, deadline_ms = $11
WHERE id = $1 AND seq = $12
