// Documents of targets that URLs give: fetched with ETag, looked at again and again, and kept on disk for the time when
// the URL cannot be reached.
#pragma once

#include <functional>
#include <map>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"
#include "io/files.h"
#include "io/http_client.h"
#include "io/loop.h"
#include "prober/config.h"

namespace sonde::cli {

/// Two views of the same documents: the newest that was fetched, and the one that was last good. They differ between
/// the arrival of a new document and accept(), and for as long as a new document has mistakes.
class TargetDocuments {
 public:
  struct Parts {
    io::Loop& loop;
    io::HttpClient& http;
    io::Files& files;
    std::string directory;  // of the copies; made with mode 0700 when the first is kept
  };
  /// `on_change`: a document changed, or the first answer of all of them is there; `say`: a source cannot be reached
  /// any more, or again. Both are called on the loop, never from inside a call. Parts must outlive this.
  TargetDocuments(Parts parts, std::function<void()> on_change, std::function<void(const core::BilingualText&)> say);
  ~TargetDocuments();
  TargetDocuments(const TargetDocuments&) = delete;
  TargetDocuments& operator=(const TargetDocuments&) = delete;

  /// Begins to fetch those that are new or changed; the others stay. Copies on disk are read at once.
  void add(std::span<const prober::TargetSource> sources);
  /// Forgets all other sources. Their copies on disk stay.
  void keep_only(std::span<const prober::TargetSource> sources);
  /// Every source has answered once, or failed.
  [[nodiscard]] bool complete() const;
  /// Asks all sources again, now.
  void refresh();

  [[nodiscard]] const prober::TargetDocuments& newest() const { return newest_; }
  [[nodiscard]] const prober::TargetDocuments& last_good() const { return last_good_; }
  /// Whether the two views differ.
  [[nodiscard]] bool differ() const;
  /// The newest are good: they are kept on disk. Errors of the disk are said.
  void accept();

 private:
  struct Document {
    prober::TargetSource source;
    std::string newest;
    std::string newest_tag;  // its ETag, "" = none
    std::string good;
    std::string good_tag;
    bool has_newest = false;
    bool has_good = false;
    bool answered = false;  // or failed, once
    core::BilingualText trouble;
    io::Handle request;
    io::Handle timer;
  };
  class View final : public prober::TargetDocuments {
   public:
    View(const std::map<std::string, Document, std::less<>>& documents, bool newest)
        : documents_(documents), newest_(newest) {}
    [[nodiscard]] core::Result<std::string_view> find(std::string_view url) const override;

   private:
    const std::map<std::string, Document, std::less<>>& documents_;
    bool newest_;
  };

  void read_copy(Document& d);
  void write_copy(Document& d);
  void fetch(Document& d);
  void on_answer(Document& d, const io::HttpResponse& response);
  void arm(Document& d);
  void fail(Document& d, core::BilingualText why);
  [[nodiscard]] std::string copy_path(const std::string& url) const;

  Parts parts_;
  std::function<void()> on_change_;
  std::function<void(const core::BilingualText&)> say_;
  std::map<std::string, Document, std::less<>> documents_;  // by URL
  View newest_{documents_, true};
  View last_good_{documents_, false};
  std::minstd_rand random_;
};

}  // namespace sonde::cli
