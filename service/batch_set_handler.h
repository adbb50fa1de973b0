// Answers BatchSet.
#ifndef PARACLE_SERVICE_BATCH_SET_HANDLER_H_
#define PARACLE_SERVICE_BATCH_SET_HANDLER_H_

#include "service/handler_context.h"
#include "service/method.h"

namespace paracle::service {

class BatchSetHandler final : public MethodHandler {
 public:
  explicit BatchSetHandler(const HandlerContext& context) : context_(context) {}
  void Handle(RequestScratch& scratch, PendingCall& call) override;

 private:
  const HandlerContext context_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_BATCH_SET_HANDLER_H_
